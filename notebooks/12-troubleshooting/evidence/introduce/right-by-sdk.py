def introduce(url, client, server):
    sdk = lab.connect(url).docker()
    try:
        one, other = sdk.containers.get(client), sdk.containers.get(server)
        known = [set(each.attrs["NetworkSettings"]["Networks"]) for each in (one, other)]
        own = {"bridge", "host", "none"}
        if (known[0] & known[1]) - own:
            return
        for here, there in ((one, known[1]), (other, known[0])):
            for network in sorted(there - own)[:1]:
                sdk.networks.get(network).connect(here)
                return
        network = sdk.networks.create(f"meeting-point-{client}", labels=lab.labels(LESSON))
        network.connect(one)
        network.connect(other)
    finally:
        sdk.close()
