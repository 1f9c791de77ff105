# shows: a whiteout is an empty version of the file
# told: a mark, not a version
def versions(saved, path):
    found = []
    for data in fixtures.layers_of(saved):
        with tarfile.open(fileobj=io.BytesIO(data)) as layer:
            for member in layer:
                if member.name.replace(".wh.", "") == path:
                    found.append(layer.extractfile(member).read())
    return found
