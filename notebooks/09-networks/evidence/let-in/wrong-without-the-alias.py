# shows: a container has its own name only, on every network
# told: it goes into EndpointConfig
def let_in(url, name, network, alias):
    engine = lab.connect(url)
    engine.post(f"/networks/{network}/connect", json={"Container": name})
    return sorted(engine.get(f"/containers/{name}/json").json()["NetworkSettings"]["Networks"])
