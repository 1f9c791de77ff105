# shows: the image's config is one of its layers
# told: More than the layers
import gzip


def layer_digests(saved):
    digests = []
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))[0]
        for name in [manifest["Config"], *manifest["Layers"]]:
            data = archive.extractfile(name).read()
            if data[:2] == b"\x1f\x8b":
                data = gzip.decompress(data)
            digests.append("sha256:" + hashlib.sha256(data).hexdigest())
    return digests
