# shows: a container's volumes belong to it
# told: do not remove it with the old one
def update(url, name, image):
    engine = lab.connect(url)
    bindings = engine.get(f"/containers/{name}/json").json()["HostConfig"]["PortBindings"]
    port = int(next(iter(bindings)).partition("/")[0])
    engine.post(f"/containers/{name}/stop", params={"t": 5})
    engine.delete(f"/containers/{name}?v=true&force=true")
    engine.delete(f"/volumes/{name}-data")
    try:
        deploy(url, image, name, port)
        well = healthy(url, name, 15)
    except requests.HTTPError:
        well = False
    if well:
        engine.delete(f"/containers/{name}-old")
        return True
    engine.delete(f"/containers/{name}", params={"force": "true"})
    engine.post(f"/containers/{name}-old/rename", params={"name": name})
    engine.post(f"/containers/{name}/start")
    return False
