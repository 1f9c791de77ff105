def layer_makers(saved):
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
        config = json.load(archive.extractfile(manifest[0]["Config"]))
    lines = list(filter(lambda line: "empty_layer" not in line, config["history"]))
    return [(d, lines[i]["created_by"]) for i, d in enumerate(config["rootfs"]["diff_ids"])]
