# shows: a container is on one network
# told: They shared a network already
def introduce(url, client, server):
    engine = lab.connect(url)
    known = []
    for name in (client, server):
        found = engine.get(f"/containers/{name}/json").json()
        known.append(sorted(set(found["NetworkSettings"]["Networks"]) - {"bridge"}))
    if known[0][:1] == known[1][:1] != []:
        return
    for network in (known[0] or known[1])[:1]:
        for name in (client, server):
            engine.post(f"/networks/{network}/connect", json={"Container": name})
        return
    name = f"{client}-and-{server}"
    engine.post("/networks/create", json={"Name": name, "Labels": lab.labels(LESSON)})
    for each in (client, server):
        engine.post(f"/networks/{name}/connect", json={"Container": each})
