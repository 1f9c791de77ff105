# shows: a path inside a container needs no slash in front
# told: The engine refused
def fetch(url, volume, path):
    engine = lab.connect(url)
    body = {"Image": "busybox", "HostConfig": {"Binds": [f"{volume}:in"]}}
    answer = engine.post("/containers/create", json=body)
    answer.raise_for_status()
    helper = answer.json()["Id"]
    answer = engine.get(f"/containers/{helper}/archive", params={"path": f"/in/{path}"})
    engine.delete(f"/containers/{helper}")
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        return archive.extractfile(archive.next()).read()
