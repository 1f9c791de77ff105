# shows: there is one daemon, whatever the address
# told: the engine at the url|with two names is one image|container all the same
def census(url):
    return {
        "images": len(engine.get("/images/json").json()),
        "containers": len(engine.get("/containers/json?all=true").json()),
        "networks": len(engine.get("/networks").json()),
        "volumes": len(engine.get("/volumes").json()["Volumes"] or []),
    }
