import docker


def read_ping(url):
    client = docker.DockerClient(base_url=url, version="auto")
    answer = client.api.get(client.api.base_url + "/_ping")
    headers = answer.headers
    client.close()
    return dict(api_version=headers["api-version"], status=answer.status_code, body=answer.text)
