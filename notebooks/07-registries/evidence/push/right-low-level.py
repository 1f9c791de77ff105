def push(url, image, target, username, password):
    import docker

    client = docker.APIClient(base_url=url, version="auto")
    repository, _, tag = target.rpartition(":")
    client.tag(image, repository, tag)
    login = {"username": username, "password": password}
    try:
        lines = client.push(repository, tag=tag, auth_config=login, stream=True, decode=True)
        return not any("errorDetail" in line for line in lines)
    except docker.errors.APIError:
        return False
    finally:
        client.close()
