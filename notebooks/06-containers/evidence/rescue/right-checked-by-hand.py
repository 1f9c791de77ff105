def rescue(url, name, path):
    engine = lab.connect(url)
    there = engine.head(f"/containers/{name}/archive?path={path}")
    if there.status_code != 200:
        raise FileNotFoundError(path)
    came = engine.get(f"/containers/{name}/archive?path={path}").content
    archive = tarfile.open(fileobj=io.BytesIO(came), mode="r|")
    content = b""
    for member in archive:
        content += archive.extractfile(member).read()
    engine.delete(f"/containers/{name}?force=true")
    return content
