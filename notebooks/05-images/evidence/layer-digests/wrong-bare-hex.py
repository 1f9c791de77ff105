# shows: a digest is only the hexadecimal digits
# told: put 'sha256:' in front
def layer_digests(saved):
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
        return [
            hashlib.sha256(archive.extractfile(name).read()).hexdigest()
            for name in manifest[0]["Layers"]
        ]
