# shows: the newest layer comes first
# told: The lowest layer comes first
def versions(saved, path):
    found = []
    for data in fixtures.layers_of(saved)[::-1]:
        with tarfile.open(fileobj=io.BytesIO(data)) as layer:
            if path in layer.getnames():
                found.append(layer.extractfile(path).read())
    return found
