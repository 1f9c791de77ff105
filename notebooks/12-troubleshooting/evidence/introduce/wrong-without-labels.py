# shows: labels are for containers only
# told: Labels are given when a network is made
def introduce(url, client, server):
    engine = lab.connect(url)
    known = []
    for name in (client, server):
        found = engine.get(f"/containers/{name}/json").json()
        known.append(set(found["NetworkSettings"]["Networks"]) - {"bridge"})
    if known[0] & known[1]:
        return
    name = f"{client}-and-{server}"
    engine.post("/networks/create", json={"Name": name})
    for each in (client, server):
        engine.post(f"/networks/{name}/connect", json={"Container": each})
