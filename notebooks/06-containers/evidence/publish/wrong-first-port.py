# shows: a container has one port
# told: Is it the port of the task
def publish(url, name, image, command, port):
    engine = lab.connect(url)
    recipe = {
        "Image": image,
        "Cmd": command,
        "ExposedPorts": {f"{port}/tcp": {}},
        "HostConfig": {"PortBindings": {f"{port}/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}},
    }
    engine.post("/containers/create", params={"name": name}, json=recipe)
    engine.post(f"/containers/{name}/start")
    ports = engine.get(f"/containers/{name}/json").json()["NetworkSettings"]["Ports"]
    return f"http://127.0.0.1:{next(iter(ports.values()))[0]['HostPort']}/"
