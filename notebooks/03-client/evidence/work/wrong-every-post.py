# shows: every POST changes something
# told: Waiting and attaching listen
def work(calls):
    found = []
    for call in calls:
        parts = call["path"].split("/")
        if call["method"] in ("GET", "HEAD") or call["status"] >= 300 and call["status"] < 500:
            continue
        if parts[1] == "containers" and parts[2] != "create":
            parts[2] = "ID"
        found.append(call["method"] + " " + "/".join(parts))
    return found
