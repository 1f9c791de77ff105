# shows: only 127.0.0.1 is a loopback
# told: only the engine's own machine
def open_doors(url):
    engine = lab.connect(url)
    doors = set()
    for each in engine.get("/containers/json").json():
        for port in each["Ports"]:
            if "PublicPort" in port and port["IP"] != "127.0.0.1":
                doors.add((each["Names"][0].lstrip("/"), port["PublicPort"]))
    return sorted(doors)
