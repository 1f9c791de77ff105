# shows: docker context use overrides DOCKER_HOST
# told: comes before every context
def daemon_for(host, environment, folder):
    config = pathlib.Path(folder, "config.json")
    settings = json.loads(config.read_text()) if config.exists() else {}
    name = environment.get("DOCKER_CONTEXT") or settings.get("currentContext") or "default"
    if name != "default":
        key = hashlib.sha256(name.encode()).hexdigest()
        meta = pathlib.Path(folder, "contexts", "meta", key, "meta.json")
        return json.loads(meta.read_text())["Endpoints"]["docker"]["Host"]
    return host or environment.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
