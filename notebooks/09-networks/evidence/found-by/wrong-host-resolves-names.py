# shows: only the network bridge is there from the start
# told: nor do host and none
BUILT_IN = {"bridge"}


def found_by(url, name):
    engine = lab.connect(url)
    on = {
        each["Names"][0].lstrip("/"): set(each["NetworkSettings"]["Networks"]) - BUILT_IN
        for each in engine.get("/containers/json").json()
    }
    return sorted(other for other in on if other != name and on[other] & on[name])
