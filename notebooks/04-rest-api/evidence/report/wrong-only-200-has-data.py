# shows: only a 200 brings data
# told: Every status below 400 is a success
def report(url, method, path):
    answer = lab.connect(url).request(method, path)
    failed = answer.status_code >= 400
    return {
        "status": answer.status_code,
        "data": answer.json() if answer.status_code == 200 and path != "/_ping" else None,
        "message": answer.json()["message"] if failed else None,
    }
