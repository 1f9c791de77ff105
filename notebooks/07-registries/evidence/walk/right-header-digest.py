def walk(host, repository, tag, username, password):
    def get(path, **headers):
        return requests.get(
            f"http://{host}/v2/{repository}/{path}", auth=(username, password), headers=headers
        )

    manifest = get(f"manifests/{tag}", Accept=READABLE)
    contents = json.loads(manifest.text)
    config = get("blobs/" + contents["config"]["digest"]).json()["config"]
    return {
        "command": config["Cmd"] if "Cmd" in config else None,
        "digest": manifest.headers["docker-content-digest"],
        "download": sum([each["size"] for each in contents["layers"]]),
    }
