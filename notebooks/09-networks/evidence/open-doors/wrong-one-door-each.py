# shows: a container has one door
# told: A door is missing
def open_doors(url):
    engine = lab.connect(url)
    doors = {}
    for each in engine.get("/containers/json").json():
        for port in each["Ports"]:
            if "PublicPort" in port and port["IP"] not in ("127.0.0.1", "::1"):
                doors[each["Names"][0].lstrip("/")] = port["PublicPort"]
    return sorted([name, doors[name]] for name in doors)
