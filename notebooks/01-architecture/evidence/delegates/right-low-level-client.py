import docker


def delegates(url):
    low = docker.APIClient(base_url=url, version="auto")
    names = [part["Name"] for part in low.version().get("Components") or []]
    return sorted(filter(lambda name: not name.endswith("Engine"), names))
