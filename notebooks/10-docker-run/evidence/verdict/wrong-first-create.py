# shows: a 404 to the first create is the end
# told: A first create with 404 is not the end
def verdict(calls):
    creates = [call["status"] for call in calls if call["path"] == "/containers/create"]
    starts = [call["status"] for call in calls if call["path"].endswith("/start")]
    if creates[0] == 404:
        return "no image"
    if creates[0] >= 300:
        return "not created"
    return "at once" if 204 in starts else "not started"
