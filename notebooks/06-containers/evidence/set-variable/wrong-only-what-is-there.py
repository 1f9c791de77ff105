# shows: a variable can be set where it is there already
# told: Compare Config before and after
def set_variable(url, name, variable, value):
    engine = lab.connect(url)
    old = engine.get(f"/containers/{name}/json").json()["Config"]
    names = [line.partition("=")[0] for line in old["Env"]]
    recipe = {key: old[key] for key in ("Image", "Cmd", "Labels")}
    recipe["Env"] = [
        f"{variable}={value}" if each == variable else line for each, line in zip(names, old["Env"])
    ]
    engine.delete(f"/containers/{name}?force=1")
    new = engine.post("/containers/create", params={"name": name}, json=recipe).json()["Id"]
    engine.post(f"/containers/{new}/start")
    return new
