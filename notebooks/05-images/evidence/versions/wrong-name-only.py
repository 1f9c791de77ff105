# shows: a file is known by its name alone
# told: Compare the whole path
def versions(saved, path):
    found = []
    for data in fixtures.layers_of(saved):
        with tarfile.open(fileobj=io.BytesIO(data)) as layer:
            for member in layer:
                if member.name.endswith(path) and ".wh." not in member.name:
                    found.append(layer.extractfile(member).read())
    return found
