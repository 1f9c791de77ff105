# shows: a content that came back is the same version
# told: Each layer that holds the file counts
def versions(saved, path):
    found = []
    for data in fixtures.layers_of(saved):
        with tarfile.open(fileobj=io.BytesIO(data)) as layer:
            if path in layer.getnames():
                found.append(layer.extractfile(path).read())
    return list(dict.fromkeys(found))
