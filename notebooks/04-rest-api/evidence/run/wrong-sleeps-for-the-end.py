# shows: some seconds are enough for any program
# told: POST /containers/ID/wait answers when it is
def run(url, image, command):
    import time

    engine = lab.connect(url)
    recipe = {"Image": image, "Cmd": command, "Labels": lab.labels(LESSON)}
    container = engine.post("/containers/create", json=recipe).json()["Id"]
    engine.post(f"/containers/{container}/start")
    time.sleep(2)
    logs = engine.get(f"/containers/{container}/logs?stdout=1").content
    engine.delete(f"/containers/{container}?force=true")
    return b"".join(output for stream, output in frames(logs)).decode()
