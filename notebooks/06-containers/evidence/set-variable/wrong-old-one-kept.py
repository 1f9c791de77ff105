# shows: a container that has stopped is gone
# told: takes room, until it is removed
def set_variable(url, name, variable, value):
    engine = lab.connect(url)
    old = engine.get(f"/containers/{name}/json").json()["Config"]
    others = [line for line in old["Env"] if line.partition("=")[0] != variable]
    recipe = {key: old[key] for key in ("Image", "Cmd", "Labels")}
    recipe["Env"] = [*others, f"{variable}={value}"]
    engine.post(f"/containers/{name}/stop?t=0")
    engine.post(f"/containers/{name}/rename", params={"name": name + "-old"})
    new = engine.post("/containers/create", params={"name": name}, json=recipe).json()["Id"]
    engine.post(f"/containers/{new}/start")
    return new
