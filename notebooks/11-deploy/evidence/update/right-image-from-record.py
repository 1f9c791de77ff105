def update(url, name, image):
    import docker

    client = docker.DockerClient(base_url=url, version="auto")
    old = client.containers.get(name)
    port = [each for each in old.attrs["HostConfig"]["PortBindings"]][0].split("/")[0]
    old.stop(timeout=3)
    old.rename(name + "-before")
    try:
        deploy(url, image, name, int(port))
        if healthy(url, name, 15):
            old.remove()
            return True
    except Exception:
        pass
    try:
        client.containers.get(name).remove(force=True)
    except docker.errors.NotFound:
        pass
    old.rename(name)
    old.start()
    client.close()
    return False
