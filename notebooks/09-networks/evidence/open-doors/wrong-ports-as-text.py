# shows: a port is a text
# told: a number, not a text
def open_doors(url):
    engine = lab.connect(url)
    doors = set()
    for each in engine.get("/containers/json").json():
        for port in each["Ports"]:
            if "PublicPort" in port and port["IP"] not in ("127.0.0.1", "::1"):
                doors.add((each["Names"][0].lstrip("/"), str(port["PublicPort"])))
    return sorted(doors)
