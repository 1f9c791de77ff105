def deploy(url, image, name, port):
    import docker

    low = docker.APIClient(base_url=url, version="auto")
    mark = lab.labels(LESSON)
    low.create_volume(f"{name}-data", labels=mark)
    settings = low.create_host_config(
        port_bindings={port: ("127.0.0.1", port)},
        binds=[f"{name}-data:/data"],
        restart_policy={"Name": "unless-stopped"},
    )
    made = low.create_container(
        image,
        name=name,
        environment=[f"PORT={port}"],
        labels=mark,
        ports=[port],
        volumes=["/data"],
        host_config=settings,
    )
    low.start(made)
    low.close()
    return made["Id"]
