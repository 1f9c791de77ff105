# shows: every request does something to the engine
# told: GET and HEAD read
def work(calls):
    found = []
    for call in calls:
        parts = call["path"].split("/")
        if call["status"] >= 300 or parts[-1] in ("wait", "attach", "resize"):
            continue
        if parts[1] == "containers" and parts[2] != "create":
            parts[2] = "ID"
        found.append(call["method"] + " " + "/".join(parts))
    return found
