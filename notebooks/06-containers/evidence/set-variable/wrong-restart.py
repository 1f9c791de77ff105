# shows: new environment variables apply on restart
# told: It is fixed when a container is created|it is fixed when a container is created
def set_variable(url, name, variable, value):
    engine = lab.connect(url)
    engine.post(f"/containers/{name}/update", json={"Env": [f"{variable}={value}"]})
    engine.post(f"/containers/{name}/restart?t=0")
    return engine.get(f"/containers/{name}/json").json()["Id"]
