# shows: image and container are the same: images are counted
# told: look for State
def census(url):
    engine = lab.connect(url)
    return {each["Id"]: each["Containers"] for each in engine.get("/images/json").json()}
