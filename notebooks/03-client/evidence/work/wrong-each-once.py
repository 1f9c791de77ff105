# shows: what was done is a set
# told: in another order
def work(calls):
    found = set()
    for call in calls:
        parts = call["path"].strip("/").split("/")
        if call["method"] in ("GET", "HEAD") or call["status"] >= 300:
            continue
        if parts[0] == "containers" and parts[2:] in (["wait"], ["attach"], ["resize"]):
            continue
        if parts[0] == "containers" and parts[1] != "create":
            parts[1] = "ID"
        found.add(f"{call['method']} /{'/'.join(parts)}")
    return sorted(found)
