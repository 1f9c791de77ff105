# shows: an image is a container: one list holds both
# told: Images and containers are two kinds of things
def command_of(calls):
    asked = [call["method"] + " " + call["path"] for call in calls]
    if "POST /containers/create" in asked:
        return "run"
    for each in asked:
        if each in ("GET /images/json", "GET /containers/json"):
            return "images"
        if each.startswith("DELETE"):
            return "rm"
        for word in ("logs", "exec", "stop", "push"):
            if each.endswith("/" + word):
                return word
        if each == "POST /images/create":
            return "pull"
        if each == "POST /build":
            return "build"
