# shows: a new container of the image has the old one's variables
# told: other variables got lost
def set_variable(url, name, variable, value):
    engine = lab.connect(url)
    old = engine.get(f"/containers/{name}/json").json()["Config"]
    recipe = {key: old[key] for key in ("Image", "Cmd", "Labels")}
    recipe["Env"] = [f"{variable}={value}"]
    engine.delete(f"/containers/{name}?force=1")
    new = engine.post("/containers/create", params={"name": name}, json=recipe).json()["Id"]
    engine.post(f"/containers/{new}/start")
    return new
