# shows: an image has as many layers as lines of history
# told: skip it
def layer_makers(saved):
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
        config = json.load(archive.extractfile(manifest[0]["Config"]))
    digests = config["rootfs"]["diff_ids"] + [""] * len(config["history"])
    return [[digests[i], line["created_by"]] for i, line in enumerate(config["history"])]
