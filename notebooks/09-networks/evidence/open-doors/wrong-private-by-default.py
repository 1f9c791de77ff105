# shows: -p is private to my machine
# told: is not private
def open_doors(url):
    engine = lab.connect(url)
    doors = set()
    for each in engine.get("/containers/json").json():
        for port in each["Ports"]:
            if port.get("IP", "127.0.0.1") not in ("127.0.0.1", "::1", "0.0.0.0", "::"):
                doors.add((each["Names"][0].lstrip("/"), port["PublicPort"]))
    return sorted(doors)
