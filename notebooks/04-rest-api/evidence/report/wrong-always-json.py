# shows: every answer has a body in JSON
# told: 204 has no body at all
def report(url, method, path):
    engine = lab.connect(url)
    answer = engine.request(method, path)
    body = answer.json()
    failed = answer.status_code >= 400
    return {
        "status": answer.status_code,
        "data": None if failed else body,
        "message": body["message"] if failed else None,
    }
