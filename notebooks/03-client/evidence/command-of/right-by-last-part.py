def command_of(calls):
    last = {}
    for call in calls:
        *before, end = call["path"].split("/")
        last.setdefault((call["method"], before[1] if len(before) > 1 else "", end), call)
    words = {
        ("POST", "containers", "create"): "run",
        ("POST", "images", "create"): "pull",
        ("POST", "images", "push"): "push",
        ("GET", "containers", "logs"): "logs",
        ("POST", "containers", "exec"): "exec",
        ("POST", "containers", "stop"): "stop",
        ("POST", "", "build"): "build",
    }
    for key, word in words.items():
        if key in last:
            return word
    if any(call["method"] == "DELETE" for call in calls):
        return "rm"
    return "ps" if calls[-1]["path"].startswith("/containers") else "images"
