# shows: a registry that is down answers with a status
# told: catch requests.ConnectionError
def diagnose(host, repository, tag, username, password):
    address = f"http://{host}/v2/{repository}/manifests/{tag}"
    answer = requests.get(address, auth=(username, password), headers={"Accept": READABLE})
    words = {200: "fine", 401: "login", 403: "rights", 404: "name", 429: "limit"}
    return words.get(answer.status_code, "unreachable")
