# shows: a digest is of what a text means, not of its bytes
# told: other blanks, and so another digest
def walk(host, repository, tag, username, password):
    web = requests.Session()
    web.auth = (username, password)
    v2 = f"http://{host}/v2/{repository}"
    manifest = web.get(f"{v2}/manifests/{tag}", headers={"Accept": READABLE}).json()
    config = web.get(f"{v2}/blobs/{manifest['config']['digest']}").json()
    return {
        "digest": "sha256:" + hashlib.sha256(json.dumps(manifest).encode()).hexdigest(),
        "download": sum(layer["size"] for layer in manifest["layers"]),
        "command": config["config"].get("Cmd"),
    }
