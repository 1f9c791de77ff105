# shows: what an image exposes is to be published
# told: leave the image.s others closed
def publish(url, name, image, command, port):
    engine = lab.connect(url)
    exposed = engine.get(f"/images/{image}/json").json()["Config"].get("ExposedPorts") or {}
    ports = [f"{port}/tcp", *exposed]
    recipe = {
        "Image": image,
        "Cmd": command,
        "ExposedPorts": {each: {} for each in ports},
        "HostConfig": {"PortBindings": {each: [{"HostIp": "127.0.0.1"}] for each in ports}},
    }
    engine.post("/containers/create", params={"name": name}, json=recipe)
    engine.post(f"/containers/{name}/start")
    ports = engine.get(f"/containers/{name}/json").json()["NetworkSettings"]["Ports"]
    return f"http://127.0.0.1:{ports[f'{port}/tcp'][0]['HostPort']}/"
