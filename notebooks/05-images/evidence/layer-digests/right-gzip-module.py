import gzip


def layer_digests(saved):
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        names = json.load(archive.extractfile("manifest.json"))[0]["Layers"]
        blobs = [archive.extractfile(name).read() for name in names]
    plain = []
    for blob in blobs:
        try:
            plain.append(gzip.decompress(blob))
        except gzip.BadGzipFile:
            plain.append(blob)
    return [f"sha256:{hashlib.sha256(each).hexdigest()}" for each in plain]
