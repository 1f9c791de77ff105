# shows: a container that was created runs, and stays up by itself
# told: Creating a container runs nothing
def verdict(calls):
    creates = [call["status"] for call in calls if call["path"] == "/containers/create"]
    pulls = [call["status"] for call in calls if call["path"] == "/images/create"]
    if 201 in creates:
        return "after a pull" if pulls else "at once"
    return "no image" if creates[-1] == 404 else "not created"
