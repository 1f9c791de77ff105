# shows: a container that was started needed no pull
# told: Somebody asked for a pull
def verdict(calls):
    creates = [call["status"] for call in calls if call["path"] == "/containers/create"]
    starts = [call["status"] for call in calls if call["path"].endswith("/start")]
    if 204 in starts:
        return "at once"
    if 201 in creates:
        return "not started"
    return "no image" if creates[-1] == 404 else "not created"
