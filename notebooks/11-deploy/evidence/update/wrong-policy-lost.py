# shows: a new container takes over the settings of the old one
# told: the restart policy of the container after
def update(url, name, image):
    session = lab.connect(url)
    old = session.get(f"/containers/{name}/json").json()
    ports = [each for each in old["Config"]["Env"] if each.startswith("PORT=")]
    new = {
        "Image": image,
        "Env": ports,
        "Labels": lab.labels(LESSON),
        "ExposedPorts": {each: {} for each in old["HostConfig"]["PortBindings"]},
        "HostConfig": {
            "PortBindings": old["HostConfig"]["PortBindings"],
            "Binds": [f"{name}-data:/data"],
        },
    }
    made = session.post("/containers/create", params={"name": name + "-new"}, json=new)
    if not made.ok:
        return False
    made, old = made.json()["Id"], old["Id"]
    session.post(f"/containers/{old}/stop?t=3")
    session.post(f"/containers/{made}/start")
    if not healthy(url, made, 15):
        session.delete(f"/containers/{made}?force=true")
        session.post(f"/containers/{old}/start")
        return False
    session.delete(f"/containers/{old}")
    session.post(f"/containers/{made}/rename?name={name}")
    return True
