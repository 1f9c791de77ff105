# shows: a state in which nothing is belongs into a count
# told: look for State|No containers, no entries
def census(url):
    found = dict.fromkeys(["created", "running", "paused", "exited"], 0)
    for each in lab.connect(url).get("/containers/json?all=1").json():
        found[each["State"]] = found.get(each["State"], 0) + 1
    return found
