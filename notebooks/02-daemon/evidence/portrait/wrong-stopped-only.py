# shows: what does not run has been stopped
# told: never started does not run either
def portrait(url):
    engine = lab.connect(url)
    containers = engine.get("/containers/json?all=1").json()
    states = [each["State"] for each in containers]
    info = engine.get("/info").json()
    return {
        "api": engine.get("/version").json()["ApiVersion"],
        "driver": info["Driver"],
        "images": info["Images"],
        "running": states.count("running"),
        "idle": states.count("exited"),
    }
