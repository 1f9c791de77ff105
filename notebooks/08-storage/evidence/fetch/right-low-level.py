def fetch(url, volume, path):
    import docker

    low = docker.APIClient(base_url=url, version="auto")
    mount = docker.types.Mount("/in", volume)
    host = low.create_host_config(mounts=[mount])
    helper = low.create_container("busybox", host_config=host)["Id"]
    pieces, _ = low.get_archive(helper, f"/in/{path}")
    whole = io.BytesIO(b"".join(pieces))
    low.remove_container(helper)
    low.close()
    with tarfile.open(fileobj=whole) as archive:
        (member,) = archive.getmembers()
        return archive.extractfile(member).read()
