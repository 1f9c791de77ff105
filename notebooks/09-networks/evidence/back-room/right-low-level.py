import docker

lab.clean_up(engine, LESSON)
low = docker.APIClient(base_url=engine.url, version="auto")
low.create_network("lesson09-back", labels=lab.labels(LESSON))
recipes = {
    "lesson09-store": (fixtures.web_server(STORE, STOCK), None, {}),
    "lesson09-till": (fixtures.web_server(TILL, "welcome"), [TILL], {TILL: ("127.0.0.1",)}),
}
for name, (command, ports, bindings) in recipes.items():
    settings = low.create_host_config(network_mode="lesson09-back", port_bindings=bindings)
    made = low.create_container(
        "busybox",
        command,
        name=name,
        labels=lab.labels(LESSON),
        ports=ports,
        host_config=settings,
    )
    low.start(made)
low.close()
