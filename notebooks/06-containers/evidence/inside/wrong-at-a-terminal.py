# shows: a terminal leaves what is written as it is
# told: The lines end as at a terminal
def inside(url, name, command):
    engine = lab.connect(url)
    order = {"Cmd": command, "AttachStdout": True, "AttachStderr": True, "Tty": True}
    made = engine.post(f"/containers/{name}/exec", json=order).json()["Id"]
    written = engine.post(f"/exec/{made}/start", json={"Tty": True}).text
    return [engine.get(f"/exec/{made}/json").json()["ExitCode"], written]
