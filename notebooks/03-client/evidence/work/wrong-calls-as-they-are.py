# shows: a call is its text
# told: Each is to be a text
def work(calls):
    found = []
    for call in calls:
        parts = call["path"].strip("/").split("/")
        if call["method"] in ("GET", "HEAD") or call["status"] >= 300:
            continue
        if parts[0] == "containers" and parts[2:] in (["wait"], ["attach"], ["resize"]):
            continue
        found.append(call)
    return found
