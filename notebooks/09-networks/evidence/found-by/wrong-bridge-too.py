# shows: the default bridge resolves names
# told: default bridge resolves no names
BUILT_IN = set()


def found_by(url, name):
    engine = lab.connect(url)
    on = {
        each["Names"][0].lstrip("/"): set(each["NetworkSettings"]["Networks"])
        for each in engine.get("/containers/json").json()
    }
    return sorted(other for other in on if other != name and on[other] & on[name])
