# shows: a log is plain text on the wire
# told: frame headers
def run(url, image, command):
    engine = lab.connect(url)
    container = engine.post("/containers/create", json={"Image": image, "Cmd": command}).json()[
        "Id"
    ]
    engine.post(f"/containers/{container}/start")
    engine.post(f"/containers/{container}/wait")
    logs = engine.get(f"/containers/{container}/logs", params={"stdout": "true"}).content
    engine.delete(f"/containers/{container}")
    return logs.decode()
