# shows: the status says yes or no
# told: whether it went well is less than the number
def read_ping(url):
    answer = lab.connect(url).get("/_ping")
    return {
        "status": answer.ok,
        "body": answer.text,
        "api_version": answer.headers["Api-Version"],
    }
