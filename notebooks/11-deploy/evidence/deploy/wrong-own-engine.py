# shows: there is one engine only
# told: asked another engine
def deploy(url, image, name, port):
    engine = workshop
    volume = {"Name": f"{name}-data", "Labels": lab.labels(LESSON)}
    engine.post("/volumes/create", json=volume).raise_for_status()
    recipe = {
        "Image": image,
        "Labels": lab.labels(LESSON),
        "Env": [f"PORT={port}"],
        "ExposedPorts": {f"{port}/tcp": {}},
        "HostConfig": {
            "PortBindings": {f"{port}/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]},
            "Mounts": [{"Type": "volume", "Source": f"{name}-data", "Target": "/data"}],
            "RestartPolicy": {"Name": "unless-stopped"},
        },
    }
    created = engine.post("/containers/create", params={"name": name}, json=recipe)
    created.raise_for_status()
    identity = created.json()["Id"]
    engine.post(f"/containers/{identity}/start").raise_for_status()
    return identity
