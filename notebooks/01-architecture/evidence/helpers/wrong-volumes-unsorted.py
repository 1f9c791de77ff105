# shows: a list of volume drivers has one entry
# told: sorted\(\) brings each list
def helpers(url):
    info = lab.connect(url).get("/info").json()
    return {
        "storage": info["Driver"],
        "networks": sorted(info["Plugins"]["Network"]),
        "volumes": info["Plugins"]["Volume"],
    }
