# shows: a new version of a file replaces the old one in the image
# told: newest one only
def versions(saved, path):
    found = []
    for data in fixtures.layers_of(saved):
        with tarfile.open(fileobj=io.BytesIO(data)) as layer:
            if path in layer.getnames():
                found = [layer.extractfile(path).read()]
    return found
