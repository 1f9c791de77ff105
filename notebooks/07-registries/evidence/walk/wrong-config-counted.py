# shows: the config is a layer
# told: The sizes of the layers alone
def walk(host, repository, tag, username, password):
    web = requests.Session()
    web.auth = (username, password)
    v2 = f"http://{host}/v2/{repository}"
    answer = web.get(f"{v2}/manifests/{tag}", headers={"Accept": READABLE})
    manifest = answer.json()
    config = web.get(f"{v2}/blobs/{manifest['config']['digest']}").json()
    return {
        "digest": "sha256:" + hashlib.sha256(answer.content).hexdigest(),
        "download": manifest["config"]["size"] + sum(layer["size"] for layer in manifest["layers"]),
        "command": config["config"].get("Cmd"),
    }
