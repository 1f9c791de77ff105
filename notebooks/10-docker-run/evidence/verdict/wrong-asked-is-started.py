# shows: a start that is asked for succeeds
# told: Look at the answer to the start
def verdict(calls):
    creates = [call["status"] for call in calls if call["path"] == "/containers/create"]
    starts = [call["status"] for call in calls if call["path"].endswith("/start")]
    pulls = [call["status"] for call in calls if call["path"] == "/images/create"]
    if starts:
        return "after a pull" if pulls else "at once"
    if 201 in creates:
        return "not started"
    return "no image" if creates[-1] == 404 else "not created"
