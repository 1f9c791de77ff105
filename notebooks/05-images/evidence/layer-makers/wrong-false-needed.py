# shows: every line says whether it made a layer
# told: no entry empty_layer at all
def layer_makers(saved):
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
        config = json.load(archive.extractfile(manifest[0]["Config"]))
    lines = [line for line in config["history"] if line.get("empty_layer") is False]
    return [[d, line["created_by"]] for d, line in zip(config["rootfs"]["diff_ids"], lines)]
