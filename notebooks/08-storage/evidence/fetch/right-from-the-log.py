def fetch(url, volume, path):
    import base64

    engine = lab.connect(url)
    body = {
        "Image": "busybox",
        "Cmd": ["base64", f"/in/{path}"],
        "HostConfig": {"Binds": [f"{volume}:/in"]},
    }
    helper = engine.post("/containers/create", json=body).json()["Id"]
    engine.post(f"/containers/{helper}/start")
    engine.post(f"/containers/{helper}/wait")
    text = lab.text_of(engine.get(f"/containers/{helper}/logs?stdout=1").content)
    engine.delete(f"/containers/{helper}")
    return base64.b64decode(text)
