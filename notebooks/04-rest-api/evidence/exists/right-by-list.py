def exists(url, name):
    engine = lab.connect(url)
    answer = engine.get("/containers/json", params={"all": "true"})
    if answer.status_code != 200:
        raise RuntimeError(f"the engine answered {answer.status_code}")
    for container in answer.json():
        if f"/{name}" in container["Names"]:
            return True
    return False
