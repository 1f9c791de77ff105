# shows: an image's digest in a registry is its Id, the digest of the config
# told: goes by is the digest of the manifest
def walk(host, repository, tag, username, password):
    web = requests.Session()
    web.auth = (username, password)
    v2 = f"http://{host}/v2/{repository}"
    manifest = web.get(f"{v2}/manifests/{tag}", headers={"Accept": READABLE}).json()
    config = web.get(f"{v2}/blobs/{manifest['config']['digest']}").json()
    return {
        "digest": manifest["config"]["digest"],
        "download": sum(layer["size"] for layer in manifest["layers"]),
        "command": config["config"].get("Cmd"),
    }
