# shows: there is one engine
# told: asked another engine
def in_volumes(url, name):
    mounts = engine.get(f"/containers/{name}/json").json()["Mounts"]
    return {each["Destination"]: each["Name"] for each in mounts if each["Type"] == "volume"}
