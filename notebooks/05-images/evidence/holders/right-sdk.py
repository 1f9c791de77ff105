import docker


def holders(url, name):
    client = docker.DockerClient(base_url=url)
    image = client.images.get(name)
    try:
        return sorted(c.name for c in client.containers.list(all=True) if c.image.id == image.id)
    finally:
        client.close()
