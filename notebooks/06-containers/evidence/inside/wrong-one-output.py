# shows: what a program writes is its standard output
# told: must ask for the outputs
def inside(url, name, command):
    engine = lab.connect(url)
    order = {"Cmd": command, "AttachStdout": True}
    made = engine.post(f"/containers/{name}/exec", json=order).json()["Id"]
    raw = engine.post(f"/exec/{made}/start", json={"Detach": False}).content
    return [engine.get(f"/exec/{made}/json").json()["ExitCode"], lab.text_of(raw)]
