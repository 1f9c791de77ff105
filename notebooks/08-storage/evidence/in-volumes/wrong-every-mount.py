# shows: everything that is mounted is a volume
# told: A tmpfs is no volume
def in_volumes(url, name):
    mounts = lab.connect(url).get(f"/containers/{name}/json").json()["Mounts"]
    return {each["Destination"]: each.get("Name", "") for each in mounts}
