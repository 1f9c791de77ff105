def introduce(url, client, server):
    sdk = lab.connect(url).docker()
    try:
        one, other = sdk.containers.get(client), sdk.containers.get(server)
        known = [set(each.attrs["NetworkSettings"]["Networks"]) for each in (one, other)]
        own = {"bridge", "host", "none"}
        if (known[0] & known[1]) - own:
            return
        for network in sorted(known[1] - own)[:1]:
            sdk.networks.get(network).connect(one)
            return
        network = sdk.networks.create("meeting-point")
        network.connect(one)
        network.connect(other)
    finally:
        sdk.close()
