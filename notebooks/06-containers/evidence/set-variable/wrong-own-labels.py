# shows: a label says who made the container
# told: lost labels of the old one
def set_variable(url, name, variable, value):
    engine = lab.connect(url)
    old = engine.get(f"/containers/{name}/json").json()["Config"]
    others = [line for line in old["Env"] if line.partition("=")[0] != variable]
    recipe = {key: old[key] for key in ("Image", "Cmd")}
    recipe["Labels"] = lab.labels(LESSON)
    recipe["Env"] = [*others, f"{variable}={value}"]
    engine.delete(f"/containers/{name}?force=1")
    new = engine.post("/containers/create", params={"name": name}, json=recipe).json()["Id"]
    engine.post(f"/containers/{new}/start")
    return new
