# shows: 404 is the only failure there is
# told: failure has no data
def report(url, method, path):
    engine = lab.connect(url)
    answer = engine.request(method, path)
    body = answer.json() if answer.content else None
    failed = answer.status_code == 404
    return {
        "status": answer.status_code,
        "data": None if failed else body,
        "message": body["message"] if failed else None,
    }
