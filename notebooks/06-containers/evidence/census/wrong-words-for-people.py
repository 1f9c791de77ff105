# shows: the text for people is the state
# told: for people
def census(url):
    engine = lab.connect(url)
    found = {}
    for each in engine.get("/containers/json?all=1").json():
        found[each["Status"]] = found.get(each["Status"], 0) + 1
    return found
