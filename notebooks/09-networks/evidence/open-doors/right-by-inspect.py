def open_doors(url):
    engine = lab.connect(url)
    found = []
    for each in engine.get("/containers/json").json():
        there = engine.get(f"/containers/{each['Id']}/json").json()
        for bindings in (there["NetworkSettings"]["Ports"] or {}).values():
            for one in bindings or []:
                door = [there["Name"].lstrip("/"), int(one["HostPort"])]
                if one["HostIp"] not in ("127.0.0.1", "::1") and door not in found:
                    found.append(door)
    return sorted(found)
