# shows: a status says it all
# told: body of a failure says why
def report(url, method, path):
    answer = lab.connect(url).request(method, path)
    found = {"status": answer.status_code, "data": None, "message": None}
    if answer.ok and answer.content:
        found["data"] = answer.json()
    return found
