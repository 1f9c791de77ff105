# shows: a container has the mounts that somebody asked for, and no others
# told: The anonymous volume is missing
def in_volumes(url, name):
    host = lab.connect(url).get(f"/containers/{name}/json").json()["HostConfig"]
    wanted = host.get("Mounts") or []
    return {each["Target"]: each["Source"] for each in wanted if each["Type"] == "volume"}
