# shows: the engine gives names in order
# told: not sorted
def let_in(url, name, network, alias):
    engine = lab.connect(url)
    order = {"Container": name, "EndpointConfig": {"Aliases": [alias]}}
    engine.post(f"/networks/{network}/connect", json=order)
    return list(engine.get(f"/containers/{name}/json").json()["NetworkSettings"]["Networks"])
