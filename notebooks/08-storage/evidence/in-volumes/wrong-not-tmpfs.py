# shows: whatever is on a disk is a volume
# told: A bind mount is no volume
def in_volumes(url, name):
    mounts = lab.connect(url).get(f"/containers/{name}/json").json()["Mounts"]
    return {
        each["Destination"]: each.get("Name") or each["Source"]
        for each in mounts
        if each["Type"] != "tmpfs"
    }
