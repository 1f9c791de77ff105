# shows: a command's word is the whole command
# told: without docker in front
KNOWN = {
    ("GET", "/images/json"): "images",
    ("GET", "/containers/json"): "ps",
    ("POST", "/images/create"): "pull",
    ("POST", "/build"): "build",
}


def command_of(calls):
    asked = [(call["method"], call["path"]) for call in calls]
    if ("POST", "/containers/create") in asked:
        return "docker run"
    for method, path in asked:
        parts = path.strip("/").split("/")
        if (method, path) in KNOWN:
            return f"docker {KNOWN[method, path]}"
        if method == "POST" and parts[0] == "images" and parts[-1] == "push":
            return "docker push"
        if method == "DELETE" and parts[0] == "containers":
            return "docker rm"
        if parts[0] == "containers" and parts[-1] in ("logs", "exec", "stop"):
            return f"docker {parts[-1]}"
    return "docker"
