def build(url, files, name):
    import io

    import docker

    client = docker.DockerClient(base_url=url, version="auto")
    try:
        client.images.build(
            fileobj=io.BytesIO(fixtures.packed(files)),
            custom_context=True,
            tag=name,
            labels=lab.labels(LESSON),
            rm=True,
        )
    except (docker.errors.BuildError, docker.errors.APIError):
        return False
    finally:
        client.close()
    return True
