# shows: every path begins with a version
# told: Read method and path together
KNOWN = {
    ("GET", "/images/json"): "images",
    ("GET", "/containers/json"): "ps",
    ("POST", "/images/create"): "pull",
    ("POST", "/build"): "build",
}


def command_of(calls):
    asked = [(call["method"], "/" + call["path"].split("/", 2)[-1]) for call in calls]
    if ("POST", "/containers/create") in asked:
        return "run"
    for method, path in asked:
        parts = path.strip("/").split("/")
        if (method, path) in KNOWN:
            return KNOWN[method, path]
        if method == "POST" and parts[0] == "images" and parts[-1] == "push":
            return "push"
        if method == "DELETE" and parts[0] == "containers":
            return "rm"
        if parts[0] == "containers" and parts[-1] in ("logs", "exec", "stop"):
            return parts[-1]
    return ""
