# shows: there is always a network to join
# told: The default bridge knows no names
def introduce(url, client, server):
    engine = lab.connect(url)
    known = {}
    for name in (client, server):
        found = engine.get(f"/containers/{name}/json").json()
        known[name] = set(found["NetworkSettings"]["Networks"]) - {"bridge"}
    if known[client] & known[server]:
        return
    for network in sorted(known[client] | known[server])[:1]:
        for name in (client, server):
            engine.post(f"/networks/{network}/connect", json={"Container": name})
