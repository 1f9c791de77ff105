def current(folder):
    try:
        with open(os.path.join(folder, "config.json")) as file:
            return json.load(file)["currentContext"]
    except (FileNotFoundError, KeyError):
        return "default"


def daemon_for(host, environment, folder):
    if host is not None:
        return host
    for variable in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        if environment.get(variable):
            break
    else:
        variable = None
    if variable == "DOCKER_HOST":
        return environment[variable]
    context = environment[variable] if variable else current(folder)
    if context == "default":
        return "unix:///var/run/docker.sock"
    digest = hashlib.sha256(context.encode("utf-8")).hexdigest()
    with open(os.path.join(folder, "contexts", "meta", digest, "meta.json")) as file:
        return json.load(file)["Endpoints"]["docker"]["Host"]
