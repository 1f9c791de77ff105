# shows: a volume belongs to its container
# told: Remove your container and not the volume
def fetch(url, volume, path):
    engine = lab.connect(url)
    body = {"Image": "busybox", "HostConfig": {"Binds": [f"{volume}:/in"]}}
    helper = engine.post("/containers/create", json=body).json()["Id"]
    answer = engine.get(f"/containers/{helper}/archive", params={"path": f"/in/{path}"})
    engine.delete(f"/containers/{helper}?force=1")
    engine.delete(f"/volumes/{volume}?force=1")
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        return archive.extractfile(archive.next()).read()
