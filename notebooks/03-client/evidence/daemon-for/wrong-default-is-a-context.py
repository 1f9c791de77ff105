# shows: default is a context like any other
# told: has no file
def daemon_for(host, environment, folder):
    if host:
        return host
    if environment.get("DOCKER_HOST"):
        return environment["DOCKER_HOST"]
    config = pathlib.Path(folder, "config.json")
    settings = json.loads(config.read_text()) if config.exists() else {}
    name = environment.get("DOCKER_CONTEXT") or settings.get("currentContext")
    if not name:
        return "unix:///var/run/docker.sock"
    key = hashlib.sha256(name.encode()).hexdigest()
    meta = pathlib.Path(folder, "contexts", "meta", key, "meta.json")
    return json.loads(meta.read_text())["Endpoints"]["docker"]["Host"]
