# shows: EXPOSE publishes
# told: Exposing alone publishes nothing
def publish(url, name, image, command, port):
    engine = lab.connect(url)
    recipe = {"Image": image, "Cmd": command, "ExposedPorts": {f"{port}/tcp": {}}}
    engine.post("/containers/create", params={"name": name}, json=recipe)
    engine.post(f"/containers/{name}/start")
    ports = engine.get(f"/containers/{name}/json").json()["NetworkSettings"]["Ports"]
    return f"http://127.0.0.1:{ports[f'{port}/tcp'][0]['HostPort']}/"
