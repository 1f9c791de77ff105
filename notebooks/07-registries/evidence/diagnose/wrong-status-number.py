# shows: a status is a word
# told: look it up in the table
def diagnose(host, repository, tag, username, password):
    address = f"http://{host}/v2/{repository}/manifests/{tag}"
    try:
        return requests.get(
            address, auth=(username, password), headers={"Accept": READABLE}, timeout=10
        ).status_code
    except requests.ConnectionError:
        return "unreachable"
