# shows: only 500 and above are failures
# told: failure has no data
def report(url, method, path):
    engine = lab.connect(url)
    answer = engine.request(method, path)
    body = answer.json() if answer.content else None
    failed = answer.status_code >= 500
    return {
        "status": answer.status_code,
        "data": None if failed else body,
        "message": body["message"] if failed else None,
    }
