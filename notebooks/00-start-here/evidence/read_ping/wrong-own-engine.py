# shows: there is one engine, and it is mine
# told: asked another engine
def read_ping(url):
    answer = engine.get("/_ping")
    version = answer.headers["Api-Version"]
    return {"status": answer.status_code, "body": answer.text, "api_version": version}
