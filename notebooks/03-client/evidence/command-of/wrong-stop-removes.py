# shows: stop, kill and rm are the same
# told: leaves the container
def command_of(calls):
    asked = [call["method"] + " " + call["path"] for call in calls]
    if "POST /containers/create" in asked:
        return "run"
    for each in asked:
        if each == "GET /images/json":
            return "images"
        if each == "GET /containers/json":
            return "ps"
        if each.startswith("DELETE") or each.endswith("/stop"):
            return "rm"
        for word in ("logs", "exec", "push"):
            if each.endswith("/" + word):
                return word
        if each == "POST /images/create":
            return "pull"
        if each == "POST /build":
            return "build"
