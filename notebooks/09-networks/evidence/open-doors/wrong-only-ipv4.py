# shows: all addresses of a machine are written 0.0.0.0
# told: all addresses of the machine
def open_doors(url):
    engine = lab.connect(url)
    doors = set()
    for each in engine.get("/containers/json").json():
        for port in each["Ports"]:
            if port.get("IP") == "0.0.0.0":
                doors.add((each["Names"][0].lstrip("/"), port["PublicPort"]))
    return sorted(doors)
