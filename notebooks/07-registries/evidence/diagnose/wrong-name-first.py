# shows: a registry tells strangers which names there are
# told: Do not guess at the name before the login works
def diagnose(host, repository, tag, username, password):
    address = f"http://{host}/v2/{repository}/manifests/{tag}"
    known = (USER, PASSWORD)
    try:
        if requests.get(address, auth=known, headers={"Accept": READABLE}).status_code == 404:
            return "name"
        answer = requests.get(address, auth=(username, password), headers={"Accept": READABLE})
    except requests.ConnectionError:
        return "unreachable"
    words = {200: "fine", 401: "login", 403: "rights", 404: "name", 429: "limit"}
    return words[answer.status_code]
