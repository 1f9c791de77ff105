# shows: a container sees a new network after a restart only
# told: A restart is not needed
def let_in(url, name, network, alias):
    engine = lab.connect(url)
    order = {"Container": name, "EndpointConfig": {"Aliases": [alias]}}
    engine.post(f"/networks/{network}/connect", json=order)
    engine.post(f"/containers/{name}/restart?t=0")
    return sorted(engine.get(f"/containers/{name}/json").json()["NetworkSettings"]["Networks"])
