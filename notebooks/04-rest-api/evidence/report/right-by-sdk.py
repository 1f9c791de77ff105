import docker


def report(url, method, path):
    client = docker.DockerClient(base_url=url, version="auto")
    answer = client.api.request(method, client.api.base_url + path)
    found = dict.fromkeys(["status", "data", "message"])
    found["status"] = answer.status_code
    if "json" in answer.headers.get("Content-Type", "") and answer.content:
        found["data"] = answer.json()
    if not answer.ok:
        found["message"] = found["data"]["message"]
        found["data"] = None
    client.close()
    return found
