# shows: the answer seen here is the answer everywhere
# told: report the (status|body) of this answer
def read_ping(url):
    answer = lab.connect(url).get("/_ping")
    return {"status": 200, "body": "OK", "api_version": answer.headers["Api-Version"]}
