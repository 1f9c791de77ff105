# shows: a container that has ended is gone
# told: does not go away by itself
def run(url, image, command):
    engine = lab.connect(url)
    container = engine.post("/containers/create", json={"Image": image, "Cmd": command}).json()[
        "Id"
    ]
    engine.post(f"/containers/{container}/start")
    engine.post(f"/containers/{container}/wait")
    logs = engine.get(f"/containers/{container}/logs", params={"stdout": "true"}).content
    return b"".join(output for stream, output in frames(logs)).decode()
