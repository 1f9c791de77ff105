# shows: the image's config is one of its layers
# told: of one layer as in the cell above
def layer_digests(saved):
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))[0]
        names = [manifest["Config"], *manifest["Layers"]]
        return [
            "sha256:" + hashlib.sha256(archive.extractfile(n).read()).hexdigest() for n in names
        ]
