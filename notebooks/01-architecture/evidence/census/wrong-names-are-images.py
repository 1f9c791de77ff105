# shows: every name is an image of its own
# told: with two names is one image
def census(url):
    engine = lab.connect(url)
    images = engine.get("/images/json").json()
    return {
        "images": sum(len(image["RepoTags"] or []) for image in images),
        "containers": len(engine.get("/containers/json?all=true").json()),
        "networks": len(engine.get("/networks").json()),
        "volumes": len(engine.get("/volumes").json()["Volumes"] or []),
    }
