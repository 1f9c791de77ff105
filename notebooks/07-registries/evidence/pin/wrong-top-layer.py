# shows: the top layer's digest names the image
# told: finds images by the digest of their manifest
def pin(host, repository, tag, username, password):
    answer = requests.get(
        f"http://{host}/v2/{repository}/manifests/{tag}",
        auth=(username, password),
        headers={"Accept": READABLE},
    )
    return f"{host}/{repository}@{answer.json()['layers'][-1]['digest']}"
