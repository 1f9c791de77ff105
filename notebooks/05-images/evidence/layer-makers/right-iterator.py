def layer_makers(saved):
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
        config = json.load(archive.extractfile(manifest[0]["Config"]))
    digests = iter(config["rootfs"]["diff_ids"])
    found = []
    for line in config["history"]:
        if line.get("empty_layer", False):
            continue
        found.append([next(digests), line["created_by"]])
    return found
