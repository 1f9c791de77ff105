# shows: a volume at the same path is the same volume
# told: A volume is found by its name
def fetch(url, volume, path):
    engine = lab.connect(url)
    body = {"Image": "busybox", "Volumes": {"/fill": {}}}
    helper = engine.post("/containers/create", json=body).json()["Id"]
    answer = engine.get(f"/containers/{helper}/archive", params={"path": f"/fill/{path}"})
    engine.delete(f"/containers/{helper}?v=1")
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        return archive.extractfile(archive.next()).read()
