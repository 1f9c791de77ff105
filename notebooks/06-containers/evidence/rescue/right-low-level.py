import docker


def rescue(url, name, path):
    low = docker.APIClient(base_url=url, version="auto")
    pieces, _ = low.get_archive(name, path)
    with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as archive:
        content = archive.extractfile(archive.getnames()[0]).read()
    low.remove_container(name)
    return content
