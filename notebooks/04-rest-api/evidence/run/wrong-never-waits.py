# shows: start returns when the program is done
# told: before the program was done
def run(url, image, command):
    engine = lab.connect(url)
    container = engine.post("/containers/create", json={"Image": image, "Cmd": command}).json()[
        "Id"
    ]
    engine.post(f"/containers/{container}/start")
    logs = engine.get(f"/containers/{container}/logs", params={"stdout": "true"}).content
    engine.delete(f"/containers/{container}", params={"force": "true"})
    return b"".join(output for stream, output in frames(logs)).decode()
