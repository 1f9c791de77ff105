import zlib


def layer_digests(saved):
    digests = ()
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        manifest = json.loads(archive.extractfile("manifest.json").read())
        for name in manifest[0]["Layers"]:
            file = archive.extractfile(name)
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            unpack = zlib.decompressobj(31) if packed else None
            state = hashlib.new("sha256")
            while piece := file.read(65536):
                state.update(unpack.decompress(piece) if unpack else piece)
            digests += ("sha256:" + state.hexdigest(),)
    return digests
