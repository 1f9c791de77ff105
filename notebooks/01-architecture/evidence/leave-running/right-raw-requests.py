def leave_running(url, name):
    with lab.connect(url) as engine:
        recipe = {"Image": "busybox", "Cmd": ["sleep", "600"], "Labels": lab.labels(LESSON)}
        engine.post("/containers/create", params={"name": name}, json=recipe)
        engine.post(f"/containers/{name}/start")
