# shows: start returns when the program is done
# told: wait for the end first
def docker_run(url, image, command):
    engine = lab.connect(url)
    recipe = {"Image": image, "Cmd": command, "Labels": lab.labels(LESSON)}
    created = engine.post("/containers/create", json=recipe)
    if created.status_code == 404:
        engine.post("/images/create", params={"fromImage": image})
        created = engine.post("/containers/create", json=recipe)
    if not created.ok:
        return {"code": 125, "output": ""}
    container = f"/containers/{created.json()['Id']}"
    engine.post(f"{container}/start")
    code = engine.get(f"{container}/json").json()["State"]["ExitCode"]
    logs = engine.get(f"{container}/logs", params={"stdout": "true"}).content
    engine.delete(container, params={"force": "true"})
    return {"code": code, "output": lab.text_of(logs)}
