# shows: a manifest has one form
# told: Is there an Accept header|Go from the tag to the manifest
def walk(host, repository, tag, username, password):
    web = requests.Session()
    web.auth = (username, password)
    v2 = f"http://{host}/v2/{repository}"
    answer = web.get(f"{v2}/manifests/{tag}")
    manifest = answer.json()
    config = web.get(f"{v2}/blobs/{manifest['config']['digest']}").json()
    return {
        "digest": "sha256:" + hashlib.sha256(answer.content).hexdigest(),
        "download": sum(layer["size"] for layer in manifest["layers"]),
        "command": config["config"].get("Cmd"),
    }
