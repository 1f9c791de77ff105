# shows: a name belongs to the program
# told: gets its name back
def update(url, name, image):
    engine = lab.connect(url)
    bindings = engine.get(f"/containers/{name}/json").json()["HostConfig"]["PortBindings"]
    port = int(next(iter(bindings)).partition("/")[0])
    engine.post(f"/containers/{name}/stop", params={"t": 5})
    engine.post(f"/containers/{name}/rename", params={"name": f"{name}-old"})
    try:
        deploy(url, image, name, port)
        well = healthy(url, name, 15)
    except requests.HTTPError:
        well = False
    if well:
        engine.delete(f"/containers/{name}-old")
        return True
    engine.delete(f"/containers/{name}", params={"force": "true"})
    engine.post(f"/containers/{name}-old/start")
    return False
