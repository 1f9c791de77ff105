# shows: the version is that of the engine
# told: that is the engine's version
def read_ping(url):
    engine = lab.connect(url)
    answer = engine.get("/_ping")
    version = engine.get("/version").json()["Version"]
    return {"status": answer.status_code, "body": answer.text, "api_version": version}
