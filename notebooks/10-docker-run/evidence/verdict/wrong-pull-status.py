# shows: a pull that answers 200 has brought the image
# told: A pull answers 200 before it knows
def verdict(calls):
    creates = [call["status"] for call in calls if call["path"] == "/containers/create"]
    starts = [call["status"] for call in calls if call["path"].endswith("/start")]
    pulls = [call["status"] for call in calls if call["path"] == "/images/create"]
    if 204 in starts:
        return "after a pull" if pulls else "at once"
    if 201 in creates:
        return "not started"
    return "no image" if pulls and 200 not in pulls else "not created"
