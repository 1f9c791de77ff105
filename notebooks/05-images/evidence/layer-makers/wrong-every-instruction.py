# shows: every instruction makes a layer
# told: changes no file, such as CMD or ENV
def layer_makers(saved):
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
        config = json.load(archive.extractfile(manifest[0]["Config"]))
    return [
        [digest, line["created_by"]]
        for digest, line in zip(config["rootfs"]["diff_ids"], config["history"])
    ]
