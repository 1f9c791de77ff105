# shows: the words of a refusal tell its kind
# told: Print the status code
def diagnose(host, repository, tag, username, password):
    address = f"http://{host}/v2/{repository}/manifests/{tag}"
    try:
        answer = requests.get(
            address, auth=(username, password), headers={"Accept": READABLE}, timeout=10
        )
    except requests.ConnectionError:
        return "unreachable"
    text = answer.text.lower()
    if "unauthorized" in text:
        return "login"
    if "denied" in text:
        return "rights"
    if "unknown" in text:
        return "name"
    return "limit" if "toomany" in text else "fine"
