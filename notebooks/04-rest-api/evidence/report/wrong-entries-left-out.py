# shows: an entry without a value is no entry
# told: entry by entry
def report(url, method, path):
    answer = lab.connect(url).request(method, path)
    found = {"status": answer.status_code}
    is_json = answer.headers.get("Content-Type", "").startswith("application/json")
    if is_json and answer.content:
        body = answer.json()
        if answer.status_code >= 400:
            found["message"] = body["message"]
        else:
            found["data"] = body
    return found
