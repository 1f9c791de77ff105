import json


def docker_run(url, image, command):
    engine = lab.connect(url)
    if engine.get(f"/images/{image}/json").status_code == 404:
        name, _, tag = image.rpartition(":")
        pull = engine.post(
            "/images/create", params={"fromImage": name, "tag": tag}, stream=True, headers=NOBODY
        )
        for line in pull.iter_lines():
            if "error" in json.loads(line):
                return {"code": 125, "output": ""}
        if pull.status_code >= 400:
            return {"code": 125, "output": ""}
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
