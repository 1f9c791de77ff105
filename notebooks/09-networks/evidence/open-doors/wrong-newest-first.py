# shows: the engine lists names in order
# told: and not sorted
def open_doors(url):
    engine = lab.connect(url)
    doors = []
    for each in engine.get("/containers/json").json():
        for port in each["Ports"]:
            door = [each["Names"][0].lstrip("/"), port.get("PublicPort")]
            if port.get("IP", "::1") not in ("127.0.0.1", "::1") and door not in doors:
                doors.append(door)
    return doors
