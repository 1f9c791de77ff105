# shows: a container that does not run is no container
# told: is a container too
def census(url):
    engine = lab.connect(url)
    found = {}
    for each in engine.get("/containers/json").json():
        found[each["State"]] = found.get(each["State"], 0) + 1
    return found
