# shows: the engine lists names in order
# told: not sorted
BUILT_IN = {"bridge", "host", "none"}


def found_by(url, name):
    engine = lab.connect(url)
    on = {
        each["Names"][0].lstrip("/"): set(each["NetworkSettings"]["Networks"]) - BUILT_IN
        for each in engine.get("/containers/json").json()
    }
    return [other for other in on if other != name and on[other] & on[name]]
