def introduce(url, client, server):
    engine = lab.connect(url)
    members = {}
    for each in engine.get("/networks").json():
        found = engine.get(f"/networks/{each['Id']}").json()
        names = {member["Name"] for member in found["Containers"].values()}
        if each["Name"] != "bridge" and names & {client, server}:
            members[each["Id"]] = names
    if any({client, server} <= names for names in members.values()):
        return
    if not members:
        recipe = {"Name": f"for-{server}", "Labels": lab.labels(LESSON)}
        members[engine.post("/networks/create", json=recipe).json()["Id"]] = set()
    network, names = members.popitem()
    for name in {client, server} - names:
        engine.post(f"/networks/{network}/connect", json={"Container": name}).raise_for_status()
