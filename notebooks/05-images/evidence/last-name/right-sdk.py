import docker


def last_name(url, name):
    client = docker.DockerClient(base_url=url)
    try:
        return len(client.images.get(name).tags) < 2
    finally:
        client.close()
