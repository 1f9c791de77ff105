# shows: the host's port is the container's port
# told: Leave the choice to the engine
def publish(url, name, image, command, port):
    engine = lab.connect(url)
    recipe = {
        "Image": image,
        "Cmd": command,
        "ExposedPorts": {f"{port}/tcp": {}},
        "HostConfig": {
            "PortBindings": {f"{port}/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]}
        },
    }
    engine.post("/containers/create", params={"name": name}, json=recipe)
    engine.post(f"/containers/{name}/start")
    ports = engine.get(f"/containers/{name}/json").json()["NetworkSettings"]["Ports"]
    return f"http://127.0.0.1:{ports[f'{port}/tcp'][0]['HostPort']}/"
