# shows: a request can be sent as often as one likes
# told: How many requests did you send
def report(url, method, path):
    engine = lab.connect(url)
    status = engine.request(method, path).status_code
    answer = engine.request(method, path)
    is_json = answer.headers.get("Content-Type", "").startswith("application/json")
    body = answer.json() if is_json and answer.content else None
    failed = status >= 400
    return {
        "status": answer.status_code,
        "data": None if failed else body,
        "message": body["message"] if failed else None,
    }
