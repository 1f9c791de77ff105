# shows: EXPOSE publishes
# told: EXPOSE publishes nothing
def open_doors(url):
    engine = lab.connect(url)
    doors = set()
    for each in engine.get("/containers/json").json():
        for port in each["Ports"]:
            if port.get("IP") not in ("127.0.0.1", "::1"):
                doors.add((each["Names"][0].lstrip("/"), port.get("PublicPort", 0)))
    return sorted(doors)
