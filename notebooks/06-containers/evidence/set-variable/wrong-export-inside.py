# shows: an export in a container changes the container
# told: t is fixed when a container is created
def set_variable(url, name, variable, value):
    engine = lab.connect(url)
    order = {"Cmd": ["sh", "-c", f"export {variable}='{value}'"]}
    made = engine.post(f"/containers/{name}/exec", json=order).json()["Id"]
    engine.post(f"/exec/{made}/start", json={})
    return engine.get(f"/containers/{name}/json").json()["Id"]
