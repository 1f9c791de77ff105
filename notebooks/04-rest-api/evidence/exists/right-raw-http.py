import requests_unixsocket


def exists(url, name):
    base = "http+unix://" + url.removeprefix("unix://").replace("/", "%2F")
    status = requests_unixsocket.get(f"{base}/v1.41/containers/{name}/json").status_code
    if status not in (200, 404):
        raise RuntimeError(status)
    return status == 200
