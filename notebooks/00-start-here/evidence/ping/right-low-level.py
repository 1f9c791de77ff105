import docker


def ping(url):
    low = docker.APIClient(base_url=url, version="auto")
    return low.get(low.base_url + "/_ping").text
