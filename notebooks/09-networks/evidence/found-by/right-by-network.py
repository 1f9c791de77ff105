BUILT_IN = {"bridge", "host", "none"}


def found_by(url, name):
    engine = lab.connect(url)
    there = engine.get(f"/containers/{name}/json").json()
    found = set()
    for each in engine.get("/networks").json():
        if each["Name"] in BUILT_IN or each["Name"] not in there["NetworkSettings"]["Networks"]:
            continue
        members = engine.get(f"/networks/{each['Id']}").json()["Containers"]
        found |= {member["Name"] for member in members.values()}
    return sorted(found - {name})
