def in_volumes(url, name):
    import docker

    client = docker.DockerClient(base_url=url)
    try:
        mounts = client.containers.get(name).attrs["Mounts"]
    finally:
        client.close()
    return dict((each["Destination"], each["Name"]) for each in mounts if each.get("Name"))
