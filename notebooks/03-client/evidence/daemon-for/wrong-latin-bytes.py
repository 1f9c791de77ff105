# shows: a letter is a byte
# told: the bytes that UTF-8 makes of the name
def daemon_for(host, environment, folder):
    if host:
        return host
    if environment.get("DOCKER_HOST"):
        return environment["DOCKER_HOST"]
    config = pathlib.Path(folder, "config.json")
    settings = json.loads(config.read_text()) if config.exists() else {}
    name = environment.get("DOCKER_CONTEXT") or settings.get("currentContext") or "default"
    if name == "default":
        return "unix:///var/run/docker.sock"
    key = hashlib.sha256(name.encode("latin-1")).hexdigest()
    meta = pathlib.Path(folder, "contexts", "meta", key, "meta.json")
    return json.loads(meta.read_text())["Endpoints"]["docker"]["Host"]
