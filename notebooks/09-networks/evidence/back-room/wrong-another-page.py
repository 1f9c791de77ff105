# shows: what a container serves is of no interest
# told: it serves this page
lab.clean_up(engine, LESSON)
engine.post("/networks/create", json={"Name": "lesson09-back", "Labels": lab.labels(LESSON)})


def make(name, command, **more):
    body = {"Image": "busybox", "Cmd": command, "Labels": lab.labels(LESSON), **more}
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
    fixtures.web_server(TILL, "closed"),
    ExposedPorts={f"{TILL}/tcp": {}},
    HostConfig={"PortBindings": {f"{TILL}/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}},
)
engine.post("/networks/lesson09-back/connect", json={"Container": "lesson09-till"})
