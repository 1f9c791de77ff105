# shows: bytes and text are the same
# told: those are the body's bytes
def read_ping(url):
    answer = lab.connect(url).get("/_ping")
    version = answer.headers["Api-Version"]
    return {"status": answer.status_code, "body": answer.content, "api_version": version}
