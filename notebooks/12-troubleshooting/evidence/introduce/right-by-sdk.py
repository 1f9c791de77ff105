def introduce(url, client, server):
    sdk = lab.connect(url).docker()
    pair = [sdk.containers.get(name) for name in (client, server)]
    known = [set(each.attrs["NetworkSettings"]["Networks"]) - {"bridge"} for each in pair]
    if not known[0] & known[1]:
        there = min(known[0] | known[1], default="")
        if there:
            network = sdk.networks.get(there)
        else:
            network = sdk.networks.create(f"meeting-{client}", labels=lab.labels(LESSON))
        for each, networks in zip(pair, known, strict=True):
            if there not in networks:
                network.connect(each)
    sdk.close()
