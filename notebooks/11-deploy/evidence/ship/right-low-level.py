def ship(source, target, image, name, headers):
    import base64

    import docker

    login = json.loads(base64.urlsafe_b64decode(headers["X-Registry-Auth"]))
    repository, _, tag = name.rpartition(":")
    here = docker.APIClient(base_url=source, version="auto")
    there = docker.APIClient(base_url=target, version="auto")
    try:
        here.tag(image, repository, tag)
        here.push(repository, tag, auth_config=login)
        there.pull(repository, tag, auth_config=login)
        there.inspect_image(name)
        return True
    except docker.errors.APIError:
        return False
    finally:
        here.close()
        there.close()
