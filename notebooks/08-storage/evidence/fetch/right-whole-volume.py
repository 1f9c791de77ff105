def fetch(url, volume, path):
    engine = lab.connect(url)
    body = {"Image": "busybox", "HostConfig": {"Binds": [f"{volume}:/in"]}}
    helper = engine.post("/containers/create", json=body).json()["Id"]
    whole = engine.get(f"/containers/{helper}/archive?path=/in").content
    engine.delete(f"/containers/{helper}")
    with tarfile.open(fileobj=io.BytesIO(whole)) as archive:
        return archive.extractfile(f"in/{path}").read()
