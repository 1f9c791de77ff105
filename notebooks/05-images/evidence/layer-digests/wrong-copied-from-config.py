# shows: what a text says about bytes is as good as the bytes
# told: Compute each from the bytes
def layer_digests(saved):
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
        config = json.load(archive.extractfile(manifest[0]["Config"]))
    return config["rootfs"]["diff_ids"]
