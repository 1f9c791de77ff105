# shows: what a file holds is text
# told: Return the bytes as they are
def versions(saved, path):
    found = []
    for data in fixtures.layers_of(saved):
        with tarfile.open(fileobj=io.BytesIO(data)) as layer:
            if path in layer.getnames():
                found.append(layer.extractfile(path).read().decode())
    return found
