# shows: a list is always there
# told: may be null, which is None
def census(url):
    engine = lab.connect(url)
    return {
        "images": len(engine.get("/images/json").json()),
        "containers": len(engine.get("/containers/json?all=1").json()),
        "networks": len(engine.get("/networks").json()),
        "volumes": len(engine.get("/volumes").json()["Volumes"]),
    }
