# shows: a port that is listed is published
# told: is exposed and not published
def open_doors(url):
    engine = lab.connect(url)
    doors = set()
    for each in engine.get("/containers/json").json():
        for port in each["Ports"]:
            if port["IP"] not in ("127.0.0.1", "::1"):
                doors.add((each["Names"][0].lstrip("/"), port["PublicPort"]))
    return sorted(doors)
