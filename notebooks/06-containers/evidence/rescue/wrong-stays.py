# shows: a container that has ended is gone
# told: takes room, until it is removed
def rescue(url, name, path):
    engine = lab.connect(url)
    answer = engine.get(f"/containers/{name}/archive", params={"path": path})
    answer.raise_for_status()
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        return archive.extractfile(archive.next()).read()
