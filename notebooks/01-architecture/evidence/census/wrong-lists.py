# shows: a list is its length
# told: A list is not its length
def census(url):
    engine = lab.connect(url)
    return {
        "images": engine.get("/images/json").json(),
        "containers": engine.get("/containers/json?all=1").json(),
        "networks": engine.get("/networks").json(),
        "volumes": engine.get("/volumes").json()["Volumes"] or [],
    }
