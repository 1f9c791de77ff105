def daemon_for(host, environment, folder):
    said = host or environment.get("DOCKER_HOST")
    if said:
        return said
    folder = pathlib.Path(folder)
    name = environment.get("DOCKER_CONTEXT")
    if not name and (folder / "config.json").is_file():
        name = json.loads((folder / "config.json").read_text(encoding="utf-8")).get(
            "currentContext"
        )
    for meta in folder.glob("contexts/meta/*/meta.json"):
        about = json.loads(meta.read_text(encoding="utf-8"))
        if about["Name"] == name:
            return about["Endpoints"]["docker"]["Host"]
    return "unix:///var/run/docker.sock"
