# shows: the number of containers is the number of those that do not run
# told: Containers counts all of them
def portrait(url):
    engine = lab.connect(url)
    info = engine.get("/info").json()
    return {
        "api": engine.get("/version").json()["ApiVersion"],
        "driver": info["Driver"],
        "images": info["Images"],
        "running": info["ContainersRunning"],
        "idle": info["Containers"],
    }
