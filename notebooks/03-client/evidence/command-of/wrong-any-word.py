# shows: a word anywhere in a path says what is asked for
# told: may be somebody's name
def command_of(calls):
    asked = [call["method"] + " " + call["path"] for call in calls]
    if "POST /containers/create" in asked:
        return "run"
    for each in asked:
        for word in ("logs", "exec", "stop", "push", "build"):
            if word in each and not each.endswith("/json"):
                return word
        if each.startswith("DELETE"):
            return "rm"
        if each == "GET /images/json":
            return "images"
        if each == "GET /containers/json":
            return "ps"
        if each == "POST /images/create":
            return "pull"
