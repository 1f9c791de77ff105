def push(url, image, target, username, password):
    import docker

    client = docker.DockerClient(base_url=url, version="auto")
    repository, _, tag = target.rpartition(":")
    client.images.get(image).tag(repository, tag)
    login = {"username": username, "password": password}
    try:
        for line in client.images.push(
            repository, tag=tag, auth_config=login, stream=True, decode=True
        ):
            if "errorDetail" in line:
                return False
    except docker.errors.APIError:
        return False
    finally:
        client.close()
    return True
