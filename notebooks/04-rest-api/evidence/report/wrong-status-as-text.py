# shows: a status is a text
# told: entry by entry
def report(url, method, path):
    answer = lab.connect(url).request(method, path)
    is_json = answer.headers.get("Content-Type", "").startswith("application/json")
    body = answer.json() if is_json and answer.content else None
    failed = answer.status_code >= 400
    return {
        "status": str(answer.status_code),
        "data": None if failed else body,
        "message": body["message"] if failed else None,
    }
