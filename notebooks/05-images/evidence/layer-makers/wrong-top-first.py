# shows: the newest layer comes first
# told: which layer is the lowest
def layer_makers(saved):
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
        config = json.load(archive.extractfile(manifest[0]["Config"]))
    makers = [line["created_by"] for line in config["history"] if not line.get("empty_layer")]
    return [list(pair) for pair in zip(config["rootfs"]["diff_ids"], makers)][::-1]
