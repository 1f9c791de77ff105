# shows: the body of a failure is the message itself
# told: take the text out of it
def report(url, method, path):
    engine = lab.connect(url)
    answer = engine.request(method, path)
    failed = answer.status_code >= 400
    return {
        "status": answer.status_code,
        "data": answer.json() if answer.content and not failed else None,
        "message": answer.json() if failed else None,
    }
