# shows: there is only one engine, that of the notebook
# told: asked another engine
def docker_run(url, image, command):
    recipe = {"Image": image, "Cmd": command, "Labels": lab.labels(LESSON)}
    created = engine.post("/containers/create", json=recipe)
    if created.status_code == 404:
        engine.post("/images/create", params={"fromImage": image})
        created = engine.post("/containers/create", json=recipe)
    if not created.ok:
        return {"code": 125, "output": ""}
    container = f"/containers/{created.json()['Id']}"
    engine.post(f"{container}/start")
    code = engine.post(f"{container}/wait").json()["StatusCode"]
    logs = engine.get(f"{container}/logs", params={"stdout": "true"}).content
    engine.delete(container)
    return {"code": code, "output": lab.text_of(logs)}
