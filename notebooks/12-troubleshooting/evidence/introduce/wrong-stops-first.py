# shows: only a stopped container can change its networks
# told: A running container can join a network
def introduce(url, client, server):
    engine = lab.connect(url)
    found = engine.get(f"/containers/{server}/json").json()
    engine.post(f"/containers/{client}/stop?t=0")
    for network in sorted(set(found["NetworkSettings"]["Networks"]) - {"bridge"})[:1]:
        engine.post(f"/networks/{network}/connect", json={"Container": client})
