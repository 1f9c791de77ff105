# shows: an instruction stands in a history once
# told: mark the lines that changed files
def layer_makers(saved):
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
        config = json.load(archive.extractfile(manifest[0]["Config"]))
    made = dict.fromkeys(e["created_by"] for e in config["history"] if not e.get("empty_layer"))
    return [list(pair) for pair in zip(config["rootfs"]["diff_ids"], made)]
