# shows: two equal layers of an image are one
# told: Each of them has its place
import gzip


def layer_digests(saved):
    digests = {}
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
        for name in manifest[0]["Layers"]:
            data = archive.extractfile(name).read()
            if data[:2] == b"\x1f\x8b":
                data = gzip.decompress(data)
            digests["sha256:" + hashlib.sha256(data).hexdigest()] = name
    return list(digests)
