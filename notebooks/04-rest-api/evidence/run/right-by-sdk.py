def run(url, image, command):
    import docker

    client = docker.DockerClient(base_url=url)
    container = client.containers.create(image, command)
    try:
        container.start()
        container.wait()
        return container.logs(stdout=True, stderr=False).decode()
    finally:
        container.remove()
        client.close()
