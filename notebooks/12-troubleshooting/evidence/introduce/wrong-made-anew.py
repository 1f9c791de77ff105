# shows: a container's networks are fixed at creation
# told: A running container can join a network
def introduce(url, client, server):
    engine = lab.connect(url)
    old = engine.get(f"/containers/{client}/json").json()
    [network, *_] = engine.get(f"/containers/{server}/json").json()["NetworkSettings"]["Networks"]
    engine.delete(f"/containers/{client}?force=1")
    recipe = {
        "Image": old["Config"]["Image"],
        "Cmd": old["Config"]["Cmd"],
        "Labels": old["Config"]["Labels"],
        "HostConfig": {"NetworkMode": network},
    }
    engine.post("/containers/create", params={"name": client}, json=recipe)
    engine.post(f"/containers/{client}/start")
