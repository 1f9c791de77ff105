# shows: the daemon pulls by itself what is missing
# told: does not fetch an image that you only name
def docker_run(url, image, command):
    engine = lab.connect(url)
    recipe = {"Image": image, "Cmd": command, "Labels": lab.labels(LESSON)}
    created = engine.post("/containers/create", json=recipe)
    if not created.ok:
        return {"code": 125, "output": ""}
    container = f"/containers/{created.json()['Id']}"
    engine.post(f"{container}/start")
    code = engine.post(f"{container}/wait").json()["StatusCode"]
    logs = engine.get(f"{container}/logs", params={"stdout": "true"}).content
    engine.delete(container)
    return {"code": code, "output": lab.text_of(logs)}
