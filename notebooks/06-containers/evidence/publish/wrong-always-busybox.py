# shows: every web server here is of the same image
# told: is it what the container is made from
def publish(url, name, image, command, port):
    engine = lab.connect(url)
    recipe = {
        "Image": "busybox",
        "Cmd": command,
        "ExposedPorts": {f"{port}/tcp": {}},
        "HostConfig": {"PortBindings": {f"{port}/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}},
    }
    engine.post("/containers/create", params={"name": name}, json=recipe)
    engine.post(f"/containers/{name}/start")
    ports = engine.get(f"/containers/{name}/json").json()["NetworkSettings"]["Ports"]
    return f"http://127.0.0.1:{ports[f'{port}/tcp'][0]['HostPort']}/"
