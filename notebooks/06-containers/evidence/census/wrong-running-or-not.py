# shows: a container either runs or it does not
# told: Print GET|Count by State|is a container too
def census(url):
    engine = lab.connect(url)
    found = {}
    for each in engine.get("/containers/json?all=1").json():
        word = "running" if each["State"] == "running" else "exited"
        found[word] = found.get(word, 0) + 1
    return found
