# shows: the engine's name and version are the API's version
# told: that is the header Server
def read_ping(url):
    answer = lab.connect(url).get("/_ping")
    return {
        "status": answer.status_code,
        "body": answer.text,
        "api_version": answer.headers["Server"],
    }
