# shows: labels are for containers only
# told: A network gets its labels when it is made
def introduce(url, client, server):
    engine = lab.connect(url)
    known = {}
    for name in (client, server):
        found = engine.get(f"/containers/{name}/json").json()
        known[name] = set(found["NetworkSettings"]["Networks"]) - {"bridge"}
    if known[client] & known[server]:
        return
    joint = min(known[client] | known[server], default=f"{client}-and-{server}")
    engine.post("/networks/create", json={"Name": joint})
    for name in (client, server):
        engine.post(f"/networks/{joint}/connect", json={"Container": name})
