def walk(host, repository, tag, username, password):
    from urllib.request import ProxyHandler, Request, build_opener

    opener = build_opener(ProxyHandler({}))

    def fetch(path):
        request = Request(f"http://{host}/v2/{repository}/{path}")
        pair = base64.b64encode(f"{username}:{password}".encode()).decode()
        request.add_header("Authorization", f"Basic {pair}")
        request.add_header("Accept", READABLE)
        with opener.open(request) as answer:
            return answer.read()

    raw = fetch(f"manifests/{tag}")
    manifest = json.loads(raw)
    total = 0
    for layer in manifest["layers"]:
        total += layer["size"]
    settings = json.loads(fetch(f"blobs/{manifest['config']['digest']}"))
    return {
        "digest": f"sha256:{hashlib.sha256(raw).hexdigest()}",
        "download": total,
        "command": settings["config"].get("Cmd"),
    }
