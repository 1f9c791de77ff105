# shows: a container is something that runs
# told: only those that run
def portrait(url):
    engine = lab.connect(url)
    info = engine.get("/info").json()
    return {
        "api": engine.get("/version").json()["ApiVersion"],
        "driver": info["Driver"],
        "images": info["Images"],
        "running": info["Containers"],
        "idle": 0,
    }
