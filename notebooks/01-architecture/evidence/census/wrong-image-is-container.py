# shows: image and container are the same thing
# told: neither an image nor nothing|a container is none
def census(url):
    engine = lab.connect(url)
    containers = len(engine.get("/containers/json?all=true").json())
    return {
        "images": len(engine.get("/images/json").json()) + containers,
        "containers": containers,
        "networks": len(engine.get("/networks").json()),
        "volumes": len(engine.get("/volumes").json()["Volumes"] or []),
    }
