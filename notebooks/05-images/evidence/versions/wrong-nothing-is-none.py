# shows: a layer without the file has an entry that says so
# told: has no entry in the list
def versions(saved, path):
    found = []
    for data in fixtures.layers_of(saved):
        with tarfile.open(fileobj=io.BytesIO(data)) as layer:
            there = path in layer.getnames()
            found.append(layer.extractfile(path).read() if there else None)
    return found
