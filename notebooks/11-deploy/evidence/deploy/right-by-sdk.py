def deploy(url, image, name, port):
    import docker

    client = docker.DockerClient(base_url=url, version="auto")
    client.volumes.create(f"{name}-data", labels=lab.labels(LESSON))
    container = client.containers.run(
        image,
        name=name,
        detach=True,
        environment={"PORT": str(port)},
        ports={f"{port}/tcp": ("127.0.0.1", port)},
        volumes={f"{name}-data": {"bind": "/data", "mode": "rw"}},
        restart_policy={"Name": "unless-stopped"},
        labels=lab.labels(LESSON),
    )
    client.close()
    return container.id
