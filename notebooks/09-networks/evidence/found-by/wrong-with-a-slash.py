# shows: the API gives names as people type them
# told: puts a slash in front
BUILT_IN = {"bridge", "host", "none"}


def found_by(url, name):
    engine = lab.connect(url)
    on = {
        each["Names"][0]: set(each["NetworkSettings"]["Networks"]) - BUILT_IN
        for each in engine.get("/containers/json").json()
    }
    mine = on[f"/{name}"]
    return sorted(other for other in on if other != f"/{name}" and on[other] & mine)
