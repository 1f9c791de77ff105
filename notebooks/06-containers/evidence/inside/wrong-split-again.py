# shows: a command is a line of text
# told: a word may hold blanks
def inside(url, name, command):
    engine = lab.connect(url)
    words = command if command[0] == "sh" else " ".join(command).split()
    order = {"Cmd": words, "AttachStdout": True, "AttachStderr": True}
    made = engine.post(f"/containers/{name}/exec", json=order).json()["Id"]
    raw = engine.post(f"/exec/{made}/start", json={"Detach": False}).content
    return [engine.get(f"/exec/{made}/json").json()["ExitCode"], lab.text_of(raw)]
