# shows: a container's network is a setting that is updated
# told: It is not on the new network
def let_in(url, name, network, alias):
    engine = lab.connect(url)
    engine.post(f"/containers/{name}/update", json={"NetworkMode": network})
    return sorted(engine.get(f"/containers/{name}/json").json()["NetworkSettings"]["Networks"])
