def diagnose(host, repository, tag, username, password):
    address = f"http://{host}/v2/{repository}/manifests/{tag}"
    try:
        status = requests.head(
            address, auth=(username, password), headers={"Accept": READABLE}
        ).status_code
    except requests.exceptions.ConnectionError:
        return "unreachable"
    if status == 401:
        return "login"
    if status == 403:
        return "rights"
    if status == 404:
        return "name"
    if status == 429:
        return "limit"
    return "fine"
