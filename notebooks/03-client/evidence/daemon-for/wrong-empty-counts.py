# shows: a variable that is set to an empty text counts
# told: empty text counts as missing
def daemon_for(host, environment, folder):
    if host:
        return host
    if "DOCKER_HOST" in environment:
        return environment["DOCKER_HOST"]
    config = pathlib.Path(folder, "config.json")
    settings = json.loads(config.read_text()) if config.exists() else {}
    name = environment.get("DOCKER_CONTEXT") or settings.get("currentContext") or "default"
    if name == "default":
        return "unix:///var/run/docker.sock"
    key = hashlib.sha256(name.encode()).hexdigest()
    meta = pathlib.Path(folder, "contexts", "meta", key, "meta.json")
    return json.loads(meta.read_text())["Endpoints"]["docker"]["Host"]
