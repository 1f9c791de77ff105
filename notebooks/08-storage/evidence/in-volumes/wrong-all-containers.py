# shows: a name that is nearly right is right
# told: whose name is nearly the one asked for|The anonymous volume is missing
def in_volumes(url, name):
    engine = lab.connect(url)
    found = {}
    for container in engine.get("/containers/json", params={"all": "1"}).json():
        if name in container["Names"][0]:
            for mount in engine.get(f"/containers/{container['Id']}/json").json()["Mounts"]:
                if mount["Type"] == "volume":
                    found[mount["Destination"]] = mount["Name"]
    return found
