# shows: a published port is what containers need to reach each other
# told: Publishing a port is for those outside
def introduce(url, client, server):
    engine = lab.connect(url)
    old = engine.get(f"/containers/{server}/json").json()
    engine.delete(f"/containers/{server}?force=1")
    recipe = {
        "Image": old["Config"]["Image"],
        "Cmd": old["Config"]["Cmd"],
        "HostConfig": {"PortBindings": {"8123/tcp": [{"HostPort": "0"}]}},
    }
    engine.post("/containers/create", params={"name": server}, json=recipe)
    engine.post(f"/containers/{server}/start")
