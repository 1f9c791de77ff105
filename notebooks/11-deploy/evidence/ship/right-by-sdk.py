def ship(source, target, image, name, headers):
    import base64

    import docker

    login = json.loads(base64.urlsafe_b64decode(headers["X-Registry-Auth"]))
    repository, tag = name.rsplit(":", 1)
    here = docker.DockerClient(base_url=source, version="auto")
    there = docker.DockerClient(base_url=target, version="auto")
    try:
        here.images.get(image).tag(repository, tag)
        here.images.push(repository, tag=tag, auth_config=login)
        return name in there.images.pull(repository, tag=tag, auth_config=login).tags
    except docker.errors.APIError:
        return False
    finally:
        here.close()
        there.close()
