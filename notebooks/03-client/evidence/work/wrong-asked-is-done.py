# shows: what a client asks for is done, whatever the daemon answers
# told: was refused
def work(calls):
    found = []
    for call in calls:
        parts = call["path"].split("/")
        if call["method"] in ("GET", "HEAD") or parts[-1] in ("wait", "attach", "resize"):
            continue
        if parts[1] == "containers" and parts[2] != "create":
            parts[2] = "ID"
        found.append(call["method"] + " " + "/".join(parts))
    return found
