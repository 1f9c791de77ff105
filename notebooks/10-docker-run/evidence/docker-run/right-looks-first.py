def docker_run(url, image, command):
    engine = lab.connect(url)
    if engine.get(f"/images/{image}/json").status_code == 404:
        name, _, tag = image.rpartition(":")
        engine.post("/images/create", params={"fromImage": name, "tag": tag}, headers=NOBODY)
    body = {"Cmd": command, "Image": image, "Labels": lab.labels(LESSON)}
    answer = engine.post("/containers/create", json=body)
    if answer.status_code != 201:
        return {"code": 125, "output": ""}
    identity = answer.json()["Id"]
    try:
        engine.post("/containers/" + identity + "/start").raise_for_status()
        ended = engine.post("/containers/" + identity + "/wait").json()
        raw = engine.get("/containers/" + identity + "/logs?stdout=1").content
        return {"code": ended["StatusCode"], "output": lab.text_of(raw)}
    finally:
        engine.delete("/containers/" + identity + "?force=1")
