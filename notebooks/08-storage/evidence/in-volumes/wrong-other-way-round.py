# shows: a volume's name leads to its path
# told: The path inside is the key
def in_volumes(url, name):
    mounts = lab.connect(url).get(f"/containers/{name}/json").json()["Mounts"]
    return {each["Name"]: each["Destination"] for each in mounts if each["Type"] == "volume"}
