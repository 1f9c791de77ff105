# shows: a context is found by a part of its name
# told: the address of another context
def daemon_for(host, environment, folder):
    said = host or environment.get("DOCKER_HOST")
    if said:
        return said
    folder = pathlib.Path(folder)
    name = environment.get("DOCKER_CONTEXT")
    if not name and (folder / "config.json").is_file():
        name = json.loads((folder / "config.json").read_text()).get("currentContext")
    if name and name != "default":
        for meta in sorted(folder.glob("contexts/meta/*/meta.json")):
            about = json.loads(meta.read_text())
            if name in about["Name"]:
                return about["Endpoints"]["docker"]["Host"]
    return "unix:///var/run/docker.sock"
