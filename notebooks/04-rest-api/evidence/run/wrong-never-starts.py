# shows: creating a container runs it
# told: row by row|before the program was done
def run(url, image, command):
    engine = lab.connect(url)
    container = engine.post("/containers/create", json={"Image": image, "Cmd": command}).json()[
        "Id"
    ]
    logs = engine.get(f"/containers/{container}/logs", params={"stdout": "true"}).content
    engine.delete(f"/containers/{container}")
    return b"".join(output for stream, output in frames(logs)).decode()
