# shows: a container that does not run is none
# told: container all the same
def census(url):
    engine = lab.connect(url)
    return {
        "images": len(engine.get("/images/json").json()),
        "containers": len(engine.get("/containers/json").json()),
        "networks": len(engine.get("/networks").json()),
        "volumes": len(engine.get("/volumes").json()["Volumes"] or []),
    }
