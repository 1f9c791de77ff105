# shows: a client has a config.json that names a context
# told: The folder may be empty
def daemon_for(host, environment, folder):
    if host:
        return host
    if environment.get("DOCKER_HOST"):
        return environment["DOCKER_HOST"]
    settings = json.loads(pathlib.Path(folder, "config.json").read_text())
    name = environment.get("DOCKER_CONTEXT") or settings["currentContext"]
    if name == "default":
        return "unix:///var/run/docker.sock"
    key = hashlib.sha256(name.encode()).hexdigest()
    meta = pathlib.Path(folder, "contexts", "meta", key, "meta.json")
    return json.loads(meta.read_text())["Endpoints"]["docker"]["Host"]
