# shows: every body that is there is JSON
# told: Not every body is JSON
def report(url, method, path):
    answer = lab.connect(url).request(method, path)
    body = answer.json() if answer.content else None
    failed = answer.status_code >= 400
    return {
        "status": answer.status_code,
        "data": None if failed else body,
        "message": body["message"] if failed else None,
    }
