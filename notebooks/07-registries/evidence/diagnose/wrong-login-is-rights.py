# shows: who is not known has no rights
# told: look it up in the table
def diagnose(host, repository, tag, username, password):
    address = f"http://{host}/v2/{repository}/manifests/{tag}"
    try:
        answer = requests.get(
            address, auth=(username, password), headers={"Accept": READABLE}, timeout=10
        )
    except requests.ConnectionError:
        return "unreachable"
    words = {200: "fine", 401: "rights", 403: "rights", 404: "name", 429: "limit"}
    return words[answer.status_code]
