# shows: there is one engine
# told: asked another engine
def fetch(url, volume, path):
    body = {"Image": "busybox", "HostConfig": {"Binds": [f"{volume}:/in"]}}
    helper = engine.post("/containers/create", json=body).json()["Id"]
    answer = engine.get(f"/containers/{helper}/archive", params={"path": f"/in/{path}"})
    engine.delete(f"/containers/{helper}")
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        return archive.extractfile(archive.next()).read()
