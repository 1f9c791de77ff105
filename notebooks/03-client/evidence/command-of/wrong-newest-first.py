# shows: a recording begins with the newest call
# told: Read method and path together
KNOWN = {
    ("GET", "/images/json"): "images",
    ("GET", "/containers/json"): "ps",
    ("POST", "/images/create"): "pull",
    ("POST", "/build"): "build",
}


def command_of(calls):
    method, path = calls[0]["method"], calls[0]["path"]
    parts = path.strip("/").split("/")
    if parts[0] == "containers" and parts[-1] in ("create", "logs", "exec", "stop"):
        return "run" if parts[-1] == "create" else parts[-1]
    return KNOWN.get((method, path), "rm" if method == "DELETE" else "push")
