# shows: the version that counts is the one that every client speaks
# told: look for each entry
def portrait(url):
    engine = lab.connect(url)
    info = engine.get("/info").json()
    return {
        "api": engine.get("/version").json()["MinAPIVersion"],
        "driver": info["Driver"],
        "images": info["Images"],
        "running": info["ContainersRunning"],
        "idle": info["Containers"] - info["ContainersRunning"],
    }
