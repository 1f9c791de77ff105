# shows: a removed container still has its files
# told: removed before the file was out
def rescue(url, name, path):
    engine = lab.connect(url)
    engine.delete(f"/containers/{name}")
    answer = engine.get(f"/containers/{name}/archive", params={"path": path})
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        return archive.extractfile(archive.next()).read()
