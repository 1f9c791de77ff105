# shows: a container that does not run still answers to its name
# told: does not run
BUILT_IN = {"bridge", "host", "none"}


def found_by(url, name):
    engine = lab.connect(url)
    on = {
        each["Names"][0].lstrip("/"): set(each["NetworkSettings"]["Networks"]) - BUILT_IN
        for each in engine.get("/containers/json?all=1").json()
    }
    return sorted(other for other in on if other != name and on[other] & on[name])
