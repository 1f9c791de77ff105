# shows: a container's Id is the same in every run
# told: write ID in its place
def work(calls):
    return [
        call["method"] + " " + call["path"]
        for call in calls
        if call["method"] not in ("GET", "HEAD")
        and call["status"] < 300
        and call["path"].split("/")[-1] not in ("wait", "attach", "resize")
    ]
