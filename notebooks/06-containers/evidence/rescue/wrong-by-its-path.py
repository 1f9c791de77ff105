# shows: a file keeps its folders in the archive
# told: has no entry of this name
def rescue(url, name, path):
    engine = lab.connect(url)
    answer = engine.get(f"/containers/{name}/archive", params={"path": path})
    answer.raise_for_status()
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        content = archive.extractfile(path.lstrip("/")).read()
    engine.delete(f"/containers/{name}").raise_for_status()
    return content
