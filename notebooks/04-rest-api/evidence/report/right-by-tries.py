def report(url, method, path):
    engine = lab.connect(url)
    answer = engine.request(method, path)
    result = {"status": answer.status_code, "data": None, "message": None}
    try:
        body = answer.json()
    except ValueError:
        return result
    if answer.ok:
        result["data"] = body
    else:
        result["message"] = body.get("message")
    return result
