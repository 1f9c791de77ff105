# shows: who answers is well
# told: report the status of this answer
def read_ping(url):
    answer = lab.connect(url).get("/_ping")
    return {"status": 200, "body": answer.text, "api_version": answer.headers["Api-Version"]}
