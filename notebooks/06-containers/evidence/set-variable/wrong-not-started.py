# shows: creating a container runs it
# told: still has to be started
def set_variable(url, name, variable, value):
    engine = lab.connect(url)
    old = engine.get(f"/containers/{name}/json").json()["Config"]
    recipe = {key: old[key] for key in ("Image", "Cmd", "Labels", "Env")}
    recipe["Env"] = [*recipe["Env"], f"{variable}={value}"]
    engine.delete(f"/containers/{name}?force=1")
    return engine.post("/containers/create", params={"name": name}, json=recipe).json()["Id"]
