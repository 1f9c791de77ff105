def versions(saved, path):
    found = []
    for data in fixtures.layers_of(saved):
        layer = tarfile.open(fileobj=io.BytesIO(data))
        try:
            found += [layer.extractfile(layer.getmember(path)).read()]
        except KeyError:
            pass
        layer.close()
    return found
