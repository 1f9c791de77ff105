# shows: too many requests make a registry silent
# told: look it up in the table
def diagnose(host, repository, tag, username, password):
    address = f"http://{host}/v2/{repository}/manifests/{tag}"
    try:
        answer = requests.get(
            address, auth=(username, password), headers={"Accept": READABLE}, timeout=10
        )
    except requests.ConnectionError:
        return "unreachable"
    words = {200: "fine", 401: "login", 403: "rights", 404: "name", 429: "unreachable"}
    return words[answer.status_code]
