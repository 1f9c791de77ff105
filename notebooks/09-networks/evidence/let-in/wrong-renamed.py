# shows: an alias is the container's name
# told: An alias belongs to one network|still has
def let_in(url, name, network, alias):
    engine = lab.connect(url)
    engine.post(f"/networks/{network}/connect", json={"Container": name})
    return sorted(engine.get(f"/containers/{name}/json").json()["NetworkSettings"]["Networks"])
