# shows: the history in the config is newest first
# told: oldest line to the newest
def layer_makers(saved):
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
        config = json.load(archive.extractfile(manifest[0]["Config"]))
    lines = [line for line in config["history"] if not line.get("empty_layer")]
    return [[d, line["created_by"]] for d, line in zip(config["rootfs"]["diff_ids"], lines[::-1])]
