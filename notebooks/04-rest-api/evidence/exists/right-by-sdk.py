import docker


def exists(url, name):
    client = docker.DockerClient(base_url=url)
    try:
        client.containers.get(name)
    except docker.errors.NotFound:
        return False
    finally:
        client.close()
    return True
