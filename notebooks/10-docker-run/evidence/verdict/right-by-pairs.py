def verdict(calls):
    pairs = [(call["path"].rpartition("/")[2], call["status"], call["path"]) for call in calls]
    creates = [status for _, status, path in pairs if path == "/containers/create"]
    starts = [status for end, status, _ in pairs if end == "start"]
    pulls = [path for _, _, path in pairs if path == "/images/create"]
    if 204 in starts:
        return ["at once", "after a pull"][bool(pulls)]
    if 201 in creates:
        return "not started"
    return {404: "no image"}.get(creates[-1], "not created")
