# shows: all containers of an engine find each other
# told: shares no network with it
BUILT_IN = {"bridge", "host", "none"}


def found_by(url, name):
    engine = lab.connect(url)
    names = [each["Names"][0].lstrip("/") for each in engine.get("/containers/json").json()]
    return sorted(each for each in names if each != name)
