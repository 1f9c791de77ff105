# shows: a published port is open to everybody, at whatever address
# told: only the engine's own machine
def open_doors(url):
    engine = lab.connect(url)
    doors = set()
    for each in engine.get("/containers/json").json():
        for port in each["Ports"]:
            if "PublicPort" in port:
                doors.add((each["Names"][0].lstrip("/"), port["PublicPort"]))
    return sorted(doors)
