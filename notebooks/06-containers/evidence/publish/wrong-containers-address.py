# shows: a container's own address is reached from everywhere
# told: own address does not do
def publish(url, name, image, command, port):
    engine = lab.connect(url)
    recipe = {"Image": image, "Cmd": command}
    engine.post("/containers/create", params={"name": name}, json=recipe)
    engine.post(f"/containers/{name}/start")
    networks = engine.get(f"/containers/{name}/json").json()["NetworkSettings"]["Networks"]
    return f"http://{next(iter(networks.values()))['IPAddress']}:{port}/"
