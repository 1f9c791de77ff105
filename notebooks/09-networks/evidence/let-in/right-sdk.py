def let_in(url, name, network, alias):
    import docker

    client = docker.DockerClient(base_url=url)
    try:
        client.networks.get(network).connect(name, aliases=[alias])
        container = client.containers.get(name)
        return sorted(container.attrs["NetworkSettings"]["Networks"])
    finally:
        client.close()
