# shows: a version is a decimal number
# told: look for each entry
def portrait(url):
    engine = lab.connect(url)
    info = engine.get("/info").json()
    return {
        "api": float(engine.get("/version").json()["ApiVersion"]),
        "driver": info["Driver"],
        "images": info["Images"],
        "running": info["ContainersRunning"],
        "idle": info["Containers"] - info["ContainersRunning"],
    }
