def in_volumes(url, name):
    engine = lab.connect(url)
    found = {}
    for container in engine.get("/containers/json", params={"all": "1"}).json():
        if f"/{name}" in container["Names"]:
            for mount in engine.get(f"/containers/{container['Id']}/json").json()["Mounts"]:
                if mount["Type"] == "volume":
                    found[mount["Destination"]] = mount["Name"]
    return found
