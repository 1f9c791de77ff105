# shows: who finds others by name finds itself among them
# told: The container itself is in the list
BUILT_IN = {"bridge", "host", "none"}


def found_by(url, name):
    engine = lab.connect(url)
    on = {
        each["Names"][0].lstrip("/"): set(each["NetworkSettings"]["Networks"]) - BUILT_IN
        for each in engine.get("/containers/json").json()
    }
    return sorted(other for other in on if on[other] & on[name])
