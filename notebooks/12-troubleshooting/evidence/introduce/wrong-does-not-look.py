# shows: one network more does no harm
# told: They shared a network already
def introduce(url, client, server):
    engine = lab.connect(url)
    found = engine.get(f"/containers/{server}/json").json()
    networks = set(found["NetworkSettings"]["Networks"]) - {"bridge"}
    joint = max(networks, default=f"for-{client}")
    engine.post("/networks/create", json={"Name": joint, "Labels": lab.labels(LESSON)})
    for name in (client, server):
        engine.post(f"/networks/{joint}/connect", json={"Container": name})
