# shows: a stopped container can still run a command
# told: refuses to exec where no program runs
def rescue(url, name, path):
    engine = lab.connect(url)
    order = {"Cmd": ["cat", path], "AttachStdout": True}
    made = engine.post(f"/containers/{name}/exec", json=order).json()["Id"]
    raw = engine.post(f"/exec/{made}/start", json={}).content
    engine.delete(f"/containers/{name}")
    return lab.text_of(raw).encode()
