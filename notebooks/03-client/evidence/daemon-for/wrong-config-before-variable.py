# shows: what docker context use chose counts until the next use, whatever the terminal says
# told: DOCKER_CONTEXT comes before
def daemon_for(host, environment, folder):
    if host or environment.get("DOCKER_HOST"):
        return host or environment["DOCKER_HOST"]
    config = pathlib.Path(folder, "config.json")
    settings = json.loads(config.read_text()) if config.exists() else {}
    name = settings.get("currentContext") or environment.get("DOCKER_CONTEXT") or "default"
    if name == "default":
        return "unix:///var/run/docker.sock"
    key = hashlib.sha256(name.encode()).hexdigest()
    meta = pathlib.Path(folder, "contexts", "meta", key, "meta.json")
    return json.loads(meta.read_text())["Endpoints"]["docker"]["Host"]
