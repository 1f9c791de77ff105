# shows: a later line of a list takes the place of an earlier one
# told: is there twice
def set_variable(url, name, variable, value):
    engine = lab.connect(url)
    old = engine.get(f"/containers/{name}/json").json()["Config"]
    others = old["Env"]
    recipe = {key: old[key] for key in ("Image", "Cmd", "Labels")}
    recipe["Env"] = [*others, f"{variable}={value}"]
    engine.delete(f"/containers/{name}?force=1")
    new = engine.post("/containers/create", params={"name": name}, json=recipe).json()["Id"]
    engine.post(f"/containers/{new}/start")
    return new
