# shows: networks are not kept by the daemon
# told: The dictionary has four keys
def census(url):
    engine = lab.connect(url)
    return {
        "images": len(engine.get("/images/json").json()),
        "containers": len(engine.get("/containers/json?all=1").json()),
        "volumes": len(engine.get("/volumes").json()["Volumes"] or []),
    }
