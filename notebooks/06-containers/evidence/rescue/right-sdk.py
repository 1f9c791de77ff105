def rescue(url, name, path):
    import docker

    client = docker.DockerClient(base_url=url)
    try:
        container = client.containers.get(name)
        pieces, _ = container.get_archive(path)
        with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as archive:
            content = archive.extractfile(archive.getmembers()[0]).read()
        container.remove()
    finally:
        client.close()
    return content
