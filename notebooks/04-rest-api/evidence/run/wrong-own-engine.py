# shows: there is only one engine, that of the notebook
# told: asked another engine
def run(url, image, command):
    recipe = {"Image": image, "Cmd": command, "Labels": lab.labels(LESSON)}
    container = engine.post("/containers/create", json=recipe).json()["Id"]
    engine.post(f"/containers/{container}/start")
    engine.post(f"/containers/{container}/wait")
    logs = engine.get(f"/containers/{container}/logs?stdout=1").content
    engine.delete(f"/containers/{container}")
    return b"".join(output for stream, output in frames(logs)).decode()
