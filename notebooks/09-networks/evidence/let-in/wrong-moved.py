# shows: a container is on one network at a time
# told: has left a network it was on
def let_in(url, name, network, alias):
    engine = lab.connect(url)
    there = engine.get(f"/containers/{name}/json").json()
    for each in there["NetworkSettings"]["Networks"]:
        engine.post(f"/networks/{each}/disconnect", json={"Container": name})
    order = {"Container": name, "EndpointConfig": {"Aliases": [alias]}}
    engine.post(f"/networks/{network}/connect", json=order)
    return sorted(engine.get(f"/containers/{name}/json").json()["NetworkSettings"]["Networks"])
