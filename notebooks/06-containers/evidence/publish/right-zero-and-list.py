def publish(url, name, image, command, port):
    engine = lab.connect(url)
    door = {"HostPort": "0", "HostIp": "127.0.0.1"}
    body = {"Cmd": command, "Image": image}
    body["HostConfig"] = {"PortBindings": {f"{port}/tcp": [door]}}
    body["ExposedPorts"] = {f"{port}/tcp": {}}
    container = engine.post(f"/containers/create?name={name}", json=body).json()["Id"]
    engine.post(f"/containers/{container}/start")
    for each in engine.get("/containers/json").json():
        if each["Id"] == container:
            (mine,) = [door for door in each["Ports"] if door["PrivatePort"] == port]
            return f"http://127.0.0.1:{mine['PublicPort']}/"
