# shows: what a file holds is text
# told: not every file is text
def rescue(url, name, path):
    engine = lab.connect(url)
    answer = engine.get(f"/containers/{name}/archive", params={"path": path})
    answer.raise_for_status()
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        content = archive.extractfile(archive.next()).read()
    engine.delete(f"/containers/{name}").raise_for_status()
    return content.decode(errors="replace")
