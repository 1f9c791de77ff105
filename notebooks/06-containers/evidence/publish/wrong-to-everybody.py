# shows: -p is private to my machine
# told: anyone who reaches this machine gets in
def publish(url, name, image, command, port):
    engine = lab.connect(url)
    recipe = {
        "Image": image,
        "Cmd": command,
        "ExposedPorts": {f"{port}/tcp": {}},
        "HostConfig": {"PortBindings": {f"{port}/tcp": [{"HostPort": ""}]}},
    }
    engine.post("/containers/create", params={"name": name}, json=recipe)
    engine.post(f"/containers/{name}/start")
    ports = engine.get(f"/containers/{name}/json").json()["NetworkSettings"]["Ports"]
    return f"http://127.0.0.1:{ports[f'{port}/tcp'][0]['HostPort']}/"
