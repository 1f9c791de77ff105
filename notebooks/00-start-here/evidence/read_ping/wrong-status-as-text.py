# shows: a status is a text
# told: the status is a number, not text
def read_ping(url):
    answer = lab.connect(url).get("/_ping")
    return {
        "status": str(answer.status_code),
        "body": answer.text,
        "api_version": answer.headers["Api-Version"],
    }
