def pin(host, repository, tag, username, password):
    answer = requests.get(
        f"http://{host}/v2/{repository}/manifests/{tag}",
        auth=(username, password),
        headers={"Accept": READABLE},
    )
    return host + "/" + repository + "@sha256:" + hashlib.sha256(answer.content).hexdigest()
