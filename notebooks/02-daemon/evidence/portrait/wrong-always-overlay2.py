# shows: every engine stores with overlay2
# told: look for each entry|Take every entry from the answers
def portrait(url):
    engine = lab.connect(url)
    info = engine.get("/info").json()
    return {
        "api": engine.get("/version").json()["ApiVersion"],
        "driver": "overlay2",
        "images": info["Images"],
        "running": info["ContainersRunning"],
        "idle": info["Containers"] - info["ContainersRunning"],
    }
