# shows: all files of a container are its own
# told: These are files of the image
def changed(url, name):
    engine = lab.connect(url)
    answer = engine.get(f"/containers/{name}/archive", params={"path": "/"})
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        paths = sorted("/" + each.strip("./") for each in archive.getnames())
    return {"added": paths, "changed": [], "deleted": []}
