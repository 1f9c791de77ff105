# shows: HEAD and GET answer the same
# told: HEAD request leaves the body out
def read_ping(url):
    answer = lab.connect(url).head("/_ping")
    version = answer.headers["Api-Version"]
    return {"status": answer.status_code, "body": answer.text, "api_version": version}
