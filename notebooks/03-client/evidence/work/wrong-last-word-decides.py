# shows: whatever ends like an action is one
# told: Go through the calls one by one
def work(calls):
    found = []
    for call in calls:
        parts = call["path"].strip("/").split("/")
        if call["method"] in ("GET", "HEAD") or call["status"] >= 300:
            continue
        if parts[-1] in ("wait", "attach", "resize"):
            continue
        if parts[0] == "containers" and parts[1] != "create":
            parts[1] = "ID"
        found.append(f"{call['method']} /{'/'.join(parts)}")
    return found
