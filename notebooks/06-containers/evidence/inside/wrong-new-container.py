# shows: a new container of the image has what the old one wrote (image and container confused)
# told: has a writable layer of its own
def inside(url, name, command):
    engine = lab.connect(url)
    image = engine.get(f"/containers/{name}/json").json()["Config"]["Image"]
    recipe = {"Image": image, "Cmd": command}
    other = engine.post("/containers/create", json=recipe).json()["Id"]
    engine.post(f"/containers/{other}/start")
    code = engine.post(f"/containers/{other}/wait").json()["StatusCode"]
    both = {"stdout": 1, "stderr": 1}
    raw = engine.get(f"/containers/{other}/logs", params=both).content
    engine.delete(f"/containers/{other}")
    return [code, lab.text_of(raw)]
