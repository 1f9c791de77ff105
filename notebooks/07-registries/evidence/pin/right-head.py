def pin(host, repository, tag, username, password):
    answer = requests.head(
        f"http://{host}/v2/{repository}/manifests/{tag}",
        auth=requests.auth.HTTPBasicAuth(username, password),
        headers={"Accept": READABLE},
    )
    answer.raise_for_status()
    return "{}/{}@{}".format(host, repository, answer.headers["Docker-Content-Digest"])
