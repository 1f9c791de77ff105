# shows: removing can be undone
# told: Remove the container last
def rescue(url, name, path):
    engine = lab.connect(url)
    answer = engine.get(f"/containers/{name}/archive", params={"path": path})
    engine.delete(f"/containers/{name}")
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        return archive.extractfile(archive.next()).read()
