import docker


def exists(url, name):
    low = docker.APIClient(base_url=url, version="auto")
    found = low.containers(all=True, filters={"name": name})
    return any(f"/{name}" in each["Names"] for each in found)
