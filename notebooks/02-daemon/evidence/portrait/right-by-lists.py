def portrait(url):
    engine = lab.connect(url)
    containers = engine.get("/containers/json?all=1").json()
    running = [each for each in containers if each["State"] == "running"]
    return {
        "idle": len(containers) - len(running),
        "running": len(running),
        "images": len(engine.get("/images/json").json()),
        "driver": engine.get("/info").json()["Driver"],
        "api": engine.get("/_ping").headers["Api-Version"],
    }
