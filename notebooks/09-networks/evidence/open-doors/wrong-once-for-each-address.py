# shows: an entry of the list is a door
# told: stands open for IPv4 and for IPv6
def open_doors(url):
    engine = lab.connect(url)
    doors = []
    for each in engine.get("/containers/json").json():
        for port in each["Ports"]:
            if "PublicPort" in port and port["IP"] not in ("127.0.0.1", "::1"):
                doors.append([each["Names"][0].lstrip("/"), port["PublicPort"]])
    return sorted(doors)
