# shows: a daemon's address is its context's name
# told: That is the context's name
def daemon_for(host, environment, folder):
    if host:
        return host
    if environment.get("DOCKER_HOST"):
        return environment["DOCKER_HOST"]
    config = pathlib.Path(folder, "config.json")
    settings = json.loads(config.read_text()) if config.exists() else {}
    name = environment.get("DOCKER_CONTEXT") or settings.get("currentContext") or "default"
    return "unix:///var/run/docker.sock" if name == "default" else name
