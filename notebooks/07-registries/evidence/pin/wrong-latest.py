# shows: a pin is of the newest image
# told: the digest that walk\(\) gives
def pin(host, repository, tag, username, password):
    answer = requests.get(
        f"http://{host}/v2/{repository}/manifests/latest",
        auth=(username, password),
        headers={"Accept": READABLE},
    )
    return f"{host}/{repository}@sha256:{hashlib.sha256(answer.content).hexdigest()}"
