# shows: there is one daemon, whatever the address
# told: asked another engine
def census(url):
    return {
        "images": len(engine.get("/images/json").json()),
        "containers": len(engine.get("/containers/json?all=true").json()),
        "networks": len(engine.get("/networks").json()),
        "volumes": len(engine.get("/volumes").json()["Volumes"] or []),
    }
