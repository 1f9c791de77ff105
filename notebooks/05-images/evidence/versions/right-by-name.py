def versions(saved, path):
    found = []
    for data in fixtures.layers_of(saved):
        with tarfile.open(fileobj=io.BytesIO(data)) as layer:
            if path in layer.getnames():
                found.append(layer.extractfile(path).read())
    return found
