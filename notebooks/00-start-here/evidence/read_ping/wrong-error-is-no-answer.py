# shows: an error status is the same as no answer
# told: an answer with an error status is still an answer
def read_ping(url):
    answer = lab.connect(url).get("/_ping")
    answer.raise_for_status()
    return {
        "status": answer.status_code,
        "body": answer.text,
        "api_version": answer.headers["Api-Version"],
    }
