# shows: a network and its driver are the same
# told: A driver is not a network
def helpers(url):
    engine = lab.connect(url)
    info = engine.get("/info").json()
    return {
        "storage": info["Driver"],
        "networks": sorted(each["Name"] for each in engine.get("/networks").json()),
        "volumes": sorted(info["Plugins"]["Volume"] or []),
    }
