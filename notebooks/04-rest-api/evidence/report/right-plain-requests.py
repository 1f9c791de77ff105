import requests_unixsocket


def report(url, method, path):
    base = "http+unix://" + url.removeprefix("unix://").replace("/", "%2F")
    answer = requests_unixsocket.request(method, base + path)
    status = answer.status_code
    if status >= 400:
        return {"message": answer.json()["message"], "data": None, "status": status}
    kind = answer.headers.get("Content-Type", "")
    return {
        "message": None,
        "data": answer.json() if "json" in kind and answer.text else None,
        "status": status,
    }
