# shows: docker run with a missing image is a pull: the first request that is known names the command
# told: one step of a longer command
def command_of(calls):
    for call in calls:
        each = call["method"] + " " + call["path"]
        if each == "POST /containers/create" and call["status"] < 400:
            return "run"
        if each == "GET /images/json":
            return "images"
        if each == "GET /containers/json":
            return "ps"
        if each.startswith("DELETE"):
            return "rm"
        for word in ("logs", "exec", "stop", "push"):
            if each.endswith("/" + word) and not each.startswith("GET /images"):
                return word
        if each == "POST /images/create":
            return "pull"
        if each == "POST /build":
            return "build"
