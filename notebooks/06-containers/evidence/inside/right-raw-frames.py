def inside(url, name, command):
    engine = lab.connect(url)
    body = {"AttachStderr": True, "AttachStdout": True, "Cmd": command, "Tty": False}
    made = engine.post(f"/containers/{name}/exec", json=body)
    made.raise_for_status()
    path = "/exec/" + made.json()["Id"]
    raw = engine.post(path + "/start", json={}).content
    text = b""
    while raw:
        size = int.from_bytes(raw[4:8], "big")
        text, raw = text + raw[8 : 8 + size], raw[8 + size :]
    return [engine.get(path + "/json").json()["ExitCode"], text.decode()]
