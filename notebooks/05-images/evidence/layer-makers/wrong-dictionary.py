# shows: a list of pairs is a dictionary
# told: Return a list, and in it
def layer_makers(saved):
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
        config = json.load(archive.extractfile(manifest[0]["Config"]))
    makers = [line["created_by"] for line in config["history"] if not line.get("empty_layer")]
    return dict(zip(config["rootfs"]["diff_ids"], makers))
