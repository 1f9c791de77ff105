# shows: a copy of an image is the image
# told: made from
lab.clean_up(engine, LESSON)
engine.post("/networks/create", json={"Name": "lesson09-back", "Labels": lab.labels(LESSON)})


def made_image():
    own = {"repo": lab.repository(LESSON, "own"), "tag": "1"}
    base = {"Image": "busybox", "Labels": lab.labels(LESSON)}
    container = engine.post("/containers/create", json=base).json()["Id"]
    engine.post("/commit", params={"container": container, **own}).raise_for_status()
    engine.delete(f"/containers/{container}")
    return "{repo}:{tag}".format(**own)


def make(name, command, **more):
    body = {"Image": made_image(), "Cmd": command, "Labels": lab.labels(LESSON), **more}
    made = engine.post(f"/containers/create?name={name}", json=body)
    made.raise_for_status()
    engine.post(f"/containers/{name}/start").raise_for_status()


make(
    "lesson09-store",
    fixtures.web_server(STORE, STOCK),
    HostConfig={"NetworkMode": "lesson09-back"},
)
make(
    "lesson09-till",
    fixtures.web_server(TILL, "welcome"),
    ExposedPorts={f"{TILL}/tcp": {}},
    HostConfig={"PortBindings": {f"{TILL}/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}},
)
engine.post("/networks/lesson09-back/connect", json={"Container": "lesson09-till"})
