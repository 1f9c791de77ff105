# shows: a command inside is the container: its exit code is the container's
# told: that of the command and not of the container
def inside(url, name, command):
    engine = lab.connect(url)
    order = {"Cmd": command, "AttachStdout": True, "AttachStderr": True}
    made = engine.post(f"/containers/{name}/exec", json=order).json()["Id"]
    raw = engine.post(f"/exec/{made}/start", json={"Detach": False}).content
    code = engine.get(f"/containers/{name}/json").json()["State"]["ExitCode"]
    return [code, lab.text_of(raw)]
