def set_variable(url, name, variable, value):
    engine = lab.connect(url)
    there = engine.get(f"/containers/{name}/json").json()
    config = there["Config"]
    env = {line.split("=", 1)[0]: line.split("=", 1)[1] for line in config["Env"]}
    env[variable] = value
    keep = {key: config[key] for key in ("Image", "Cmd", "Labels")}
    body = {**keep, "Env": [f"{each}={env[each]}" for each in env]}
    engine.post(f"/containers/{there['Id']}/stop?t=0")
    engine.post(f"/containers/{there['Id']}/rename", params={"name": name + "-old"})
    new = engine.post("/containers/create", params={"name": name}, json=body).json()["Id"]
    engine.post(f"/containers/{new}/start").raise_for_status()
    engine.delete(f"/containers/{there['Id']}")
    return new
