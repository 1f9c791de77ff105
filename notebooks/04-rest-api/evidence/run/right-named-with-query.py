def run(url, image, command):
    engine = lab.connect(url)
    body = {"Cmd": command, "Image": image, "Tty": False}
    answer = engine.post("/containers/create", json=body)
    answer.raise_for_status()
    path = "/containers/" + answer.json()["Id"]
    try:
        engine.post(path + "/start").raise_for_status()
        engine.post(path + "/wait").raise_for_status()
        raw = engine.get(path + "/logs?stdout=1&stderr=1").content
    finally:
        engine.delete(path + "?force=1")
    text = b""
    for stream, output in frames(raw):
        if stream == 1:
            text += output
    return text.decode()
