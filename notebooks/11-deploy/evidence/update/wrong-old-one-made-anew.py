# shows: a container is as good as its image
# told: it need not be made anew
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
    old = engine.get(f"/containers/{name}-old/json").json()["Config"]["Image"]
    engine.delete(f"/containers/{name}-old")
    deploy(url, old, name, port)
    return False
