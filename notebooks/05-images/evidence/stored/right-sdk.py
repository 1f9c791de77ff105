def stored(url, names):
    import docker

    client = docker.DockerClient(base_url=url)
    try:
        found = [client.images.get(name).attrs["RootFS"]["Layers"] for name in names]
    finally:
        client.close()
    return len(set().union(*found))
