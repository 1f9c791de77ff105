# shows: a command's output comes by itself
# told: must ask for the outputs
def inside(url, name, command):
    engine = lab.connect(url)
    made = engine.post(f"/containers/{name}/exec", json={"Cmd": command}).json()["Id"]
    raw = engine.post(f"/exec/{made}/start", json={"Detach": True}).content
    time.sleep(0.3)
    return [engine.get(f"/exec/{made}/json").json()["ExitCode"], lab.text_of(raw)]
