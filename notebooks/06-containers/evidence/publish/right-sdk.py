def publish(url, name, image, command, port):
    import docker

    client = docker.DockerClient(base_url=url)
    try:
        container = client.containers.run(
            image, command, name=name, detach=True, ports={f"{port}/tcp": ("127.0.0.1", None)}
        )
        container.reload()
        return f"http://127.0.0.1:{container.ports[f'{port}/tcp'][0]['HostPort']}/"
    finally:
        client.close()
