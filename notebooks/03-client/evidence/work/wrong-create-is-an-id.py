# shows: behind /containers/ stands a container
# told: create is what is asked for
def work(calls):
    found = []
    for call in calls:
        parts = call["path"].strip("/").split("/")
        if call["method"] in ("GET", "HEAD") or call["status"] >= 300:
            continue
        if parts[0] == "containers" and parts[2:] in (["wait"], ["attach"], ["resize"]):
            continue
        if parts[0] == "containers":
            parts[1] = "ID"
        found.append(f"{call['method']} /{'/'.join(parts)}")
    return found
