# shows: the list of tags says the same as the manifest
# told: Ask for the manifest itself|look it up in the table
def diagnose(host, repository, tag, username, password):
    try:
        answer = requests.get(
            f"http://{host}/v2/{repository}/tags/list", auth=(username, password), timeout=10
        )
    except requests.ConnectionError:
        return "unreachable"
    if answer.ok:
        return "fine" if tag in answer.json()["tags"] else "name"
    return {401: "login", 403: "rights", 404: "name", 429: "limit"}[answer.status_code]
