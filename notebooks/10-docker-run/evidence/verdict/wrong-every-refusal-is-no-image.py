# shows: whatever keeps a container from being made, the image is missing
# told: Only 404 says that there is no image
def verdict(calls):
    creates = [call["status"] for call in calls if call["path"] == "/containers/create"]
    starts = [call["status"] for call in calls if call["path"].endswith("/start")]
    pulls = [call["status"] for call in calls if call["path"] == "/images/create"]
    if 204 in starts:
        return "after a pull" if pulls else "at once"
    return "not started" if 201 in creates else "no image"
