# shows: output is plain text on the wire
# told: frame headers
def inside(url, name, command):
    engine = lab.connect(url)
    order = {"Cmd": command, "AttachStdout": True, "AttachStderr": True}
    made = engine.post(f"/containers/{name}/exec", json=order).json()["Id"]
    raw = engine.post(f"/exec/{made}/start", json={"Detach": False}).content
    return [engine.get(f"/exec/{made}/json").json()["ExitCode"], raw.decode()]
