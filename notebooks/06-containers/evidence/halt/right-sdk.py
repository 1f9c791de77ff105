def halt(url, name, seconds):
    import docker

    client = docker.DockerClient(base_url=url)
    try:
        container = client.containers.get(name)
        container.stop(timeout=seconds)
        return container.wait()["StatusCode"]
    finally:
        client.close()
