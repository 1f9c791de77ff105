# shows: a name is found anew for each container
# told: Give the new container the old one
def set_variable(url, name, variable, value):
    engine = lab.connect(url)
    old = engine.get(f"/containers/{name}/json").json()["Config"]
    others = [line for line in old["Env"] if line.partition("=")[0] != variable]
    recipe = {key: old[key] for key in ("Image", "Cmd", "Labels")}
    recipe["Env"] = [*others, f"{variable}={value}"]
    engine.delete(f"/containers/{name}?force=1")
    new = engine.post("/containers/create", json=recipe).json()["Id"]
    engine.post(f"/containers/{new}/start")
    return new
