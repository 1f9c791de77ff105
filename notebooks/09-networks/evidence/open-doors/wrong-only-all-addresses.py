# shows: a port at one address is private
# told: Every other address is open as well
def open_doors(url):
    engine = lab.connect(url)
    doors = set()
    for each in engine.get("/containers/json").json():
        for port in each["Ports"]:
            if port.get("IP") in ("0.0.0.0", "::"):
                doors.add((each["Names"][0].lstrip("/"), port["PublicPort"]))
    return sorted(doors)
