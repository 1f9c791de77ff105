import docker

lab.clean_up(engine, LESSON)
client = docker.DockerClient(base_url=engine.url)
mark = {"labels": lab.labels(LESSON), "network": "lesson09-back"}
client.networks.create("lesson09-back", driver="bridge", labels=lab.labels(LESSON))
store = client.containers.create(
    "busybox", fixtures.web_server(STORE, STOCK), name="lesson09-store", **mark
)
till = client.containers.create(
    "busybox",
    fixtures.web_server(TILL, "welcome"),
    name="lesson09-till",
    ports={f"{TILL}/tcp": ("127.0.0.1", None)},
    **mark,
)
store.start()
till.start()
client.close()
