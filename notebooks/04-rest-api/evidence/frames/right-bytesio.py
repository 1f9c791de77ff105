import io


def frames(raw):
    source = io.BytesIO(raw)
    found = []
    while header := source.read(8):
        size = (header[4] << 24) + (header[5] << 16) + (header[6] << 8) + header[7]
        found.append([header[0], source.read(size)])
    return found
