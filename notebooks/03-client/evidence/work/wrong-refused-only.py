# shows: what was not refused was done
# told: found that it was so already
def work(calls):
    found = []
    for call in calls:
        parts = call["path"].strip("/").split("/")
        if call["method"] in ("GET", "HEAD") or call["status"] >= 400:
            continue
        if parts[0] == "containers" and parts[2:] in (["wait"], ["attach"], ["resize"]):
            continue
        if parts[0] == "containers" and parts[1] != "create":
            parts[1] = "ID"
        found.append(f"{call['method']} /{'/'.join(parts)}")
    return found
