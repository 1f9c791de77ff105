# shows: docker run a second time resumes the first container
# told: Every run makes a container of its own
def docker_run(url, image, command):
    engine = lab.connect(url)
    recipe = {"Image": image, "Cmd": command, "Labels": lab.labels(LESSON)}
    mine = [
        each
        for each in engine.get("/containers/json?all=true").json()
        if each["Image"] in (image, image + ":latest")
    ]
    if mine:
        found = mine[0]["Id"]
    else:
        created = engine.post("/containers/create", json=recipe)
        if created.status_code == 404:
            engine.post("/images/create", params={"fromImage": image})
            created = engine.post("/containers/create", json=recipe)
        if not created.ok:
            return {"code": 125, "output": ""}
        found = created.json()["Id"]
    container = f"/containers/{found}"
    engine.post(f"{container}/start")
    code = engine.post(f"{container}/wait").json()["StatusCode"]
    logs = engine.get(f"{container}/logs", params={"stdout": "true"}).content
    return {"code": code, "output": lab.text_of(logs)}
