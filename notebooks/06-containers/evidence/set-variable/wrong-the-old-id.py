# shows: a container of the same name is the same container
# told: has an Id of its own
def set_variable(url, name, variable, value):
    engine = lab.connect(url)
    there = engine.get(f"/containers/{name}/json").json()
    before, old = there["Id"], there["Config"]
    others = [line for line in old["Env"] if line.partition("=")[0] != variable]
    recipe = {key: old[key] for key in ("Image", "Cmd", "Labels")}
    recipe["Env"] = [*others, f"{variable}={value}"]
    engine.delete(f"/containers/{name}?force=1")
    new = engine.post("/containers/create", params={"name": name}, json=recipe).json()["Id"]
    engine.post(f"/containers/{new}/start")
    return before
