import docker


def report(url, method, path):
    low = docker.APIClient(base_url=url, version="auto")
    answer = low.request(method, low._url(path))
    found = dict.fromkeys(("status", "data", "message"))
    found["status"] = answer.status_code
    if "json" in answer.headers.get("Content-Type", "") and answer.content:
        if answer.ok:
            found["data"] = answer.json()
        else:
            found["message"] = answer.json()["message"]
    return found
