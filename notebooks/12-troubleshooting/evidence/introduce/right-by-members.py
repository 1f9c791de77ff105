def introduce(url, client, server):
    engine = lab.connect(url)
    pair, members = {client, server}, {}
    for each in engine.get("/networks").json():
        found = engine.get(f"/networks/{each['Id']}").json()
        known = pair & {member["Name"] for member in found["Containers"].values()}
        if each["Name"] != "bridge" and known:
            members[each["Id"]] = known
    if not members:
        recipe = {"Name": f"for-{server}", "Labels": lab.labels(LESSON)}
        members[engine.post("/networks/create", json=recipe).json()["Id"]] = set()
    network = max(members, key=lambda each: len(members[each]))
    for name in pair - members[network]:
        engine.post(f"/networks/{network}/connect", json={"Container": name}).raise_for_status()
