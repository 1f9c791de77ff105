# shows: a container is on one network
# told: can be on several networks
BUILT_IN = {"bridge", "host", "none"}


def found_by(url, name):
    engine = lab.connect(url)
    on = {}
    for each in engine.get("/containers/json").json():
        networks = [one for one in each["NetworkSettings"]["Networks"] if one not in BUILT_IN]
        on[each["Names"][0].lstrip("/")] = networks[:1]
    return sorted(other for other in on if other != name and on[other] == on[name] != [])
