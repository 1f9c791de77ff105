# shows: the network that was asked for is the only one
# told: Read NetworkSettings.Networks again
def let_in(url, name, network, alias):
    engine = lab.connect(url)
    order = {"Container": name, "EndpointConfig": {"Aliases": [alias]}}
    engine.post(f"/networks/{network}/connect", json=order)
    return [network]
