# shows: a word of my own says the same
# told: none of the five texts
def verdict(calls):
    starts = [call["status"] for call in calls if call["path"].endswith("/start")]
    pulls = [call["status"] for call in calls if call["path"] == "/images/create"]
    if 204 in starts:
        return "pulled and started" if pulls else "started"
    return "failed"
