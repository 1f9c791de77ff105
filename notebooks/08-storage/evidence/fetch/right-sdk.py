def fetch(url, volume, path):
    import docker

    client = docker.DockerClient(base_url=url)
    try:
        helper = client.containers.create("busybox", "true", volumes=[f"{volume}:/mnt:ro"])
        pieces, _ = helper.get_archive(f"/mnt/{path}")
        whole = b"".join(pieces)
        helper.remove()
    finally:
        client.close()
    with tarfile.open(fileobj=io.BytesIO(whole)) as archive:
        return archive.extractfile(archive.getmembers()[0]).read()
