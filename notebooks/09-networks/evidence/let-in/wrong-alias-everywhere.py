# shows: an alias counts on all networks of a container
# told: leave the others alone
def let_in(url, name, network, alias):
    engine = lab.connect(url)
    there = engine.get(f"/containers/{name}/json").json()
    for each in there["NetworkSettings"]["Networks"]:
        if each != "bridge":
            engine.post(f"/networks/{each}/disconnect", json={"Container": name})
            order = {"Container": name, "EndpointConfig": {"Aliases": [alias]}}
            engine.post(f"/networks/{each}/connect", json=order)
    order = {"Container": name, "EndpointConfig": {"Aliases": [alias]}}
    engine.post(f"/networks/{network}/connect", json=order)
    return sorted(engine.get(f"/containers/{name}/json").json()["NetworkSettings"]["Networks"])
