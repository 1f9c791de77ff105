# shows: the config has the digests of the files in the archive
# told: Take those that the config has
def layer_makers(saved):
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
        config = json.load(archive.extractfile(manifest[0]["Config"]))
        digests = [
            "sha256:" + hashlib.sha256(archive.extractfile(name).read()).hexdigest()
            for name in manifest[0]["Layers"]
        ]
    makers = [line["created_by"] for line in config["history"] if not line.get("empty_layer")]
    return [list(pair) for pair in zip(digests, makers)]
