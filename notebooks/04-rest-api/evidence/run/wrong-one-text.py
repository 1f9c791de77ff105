# shows: a command is one line of text, split at its blanks
# told: Hand the list on as it is
def run(url, image, command):
    engine = lab.connect(url)
    recipe = {"Image": image, "Cmd": " ".join(command).split(), "Labels": lab.labels(LESSON)}
    container = engine.post("/containers/create", json=recipe).json()["Id"]
    engine.post(f"/containers/{container}/start")
    engine.post(f"/containers/{container}/wait")
    logs = engine.get(f"/containers/{container}/logs?stdout=1").content
    engine.delete(f"/containers/{container}")
    return b"".join(output for stream, output in frames(logs)).decode()
