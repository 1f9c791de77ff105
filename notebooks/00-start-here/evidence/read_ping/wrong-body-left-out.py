# shows: status and headers are the answer
# told: with the key 'body'
def read_ping(url):
    answer = lab.connect(url).get("/_ping")
    return {"status": answer.status_code, "api_version": answer.headers["Api-Version"]}
