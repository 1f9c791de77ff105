# shows: a command is one text
# told: as it stands in the config, a list
def walk(host, repository, tag, username, password):
    web = requests.Session()
    web.auth = (username, password)
    v2 = f"http://{host}/v2/{repository}"
    answer = web.get(f"{v2}/manifests/{tag}", headers={"Accept": READABLE})
    manifest = answer.json()
    config = web.get(f"{v2}/blobs/{manifest['config']['digest']}").json()
    return {
        "digest": "sha256:" + hashlib.sha256(answer.content).hexdigest(),
        "download": sum(layer["size"] for layer in manifest["layers"]),
        "command": " ".join(config["config"].get("Cmd") or []),
    }
