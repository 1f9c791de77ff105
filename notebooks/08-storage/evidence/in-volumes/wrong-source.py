# shows: a volume is a folder of the engine's machine
# told: The value is the volume's name
def in_volumes(url, name):
    mounts = lab.connect(url).get(f"/containers/{name}/json").json()["Mounts"]
    return {each["Destination"]: each["Source"] for each in mounts if each["Type"] == "volume"}
