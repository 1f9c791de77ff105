import docker


def ping(url):
    client = docker.DockerClient(base_url=url, version="auto")
    try:
        return client.api.get(client.api.base_url + "/_ping").text
    finally:
        client.close()
