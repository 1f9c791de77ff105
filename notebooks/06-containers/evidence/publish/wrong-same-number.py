# shows: a published port has the container's number on the host
# told: The engine has chosen the port
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
    return f"http://127.0.0.1:{port}/"
