# shows: volumes are kept by the storage driver
# told: names of the volume drivers stand in Plugins
def helpers(url):
    info = lab.connect(url).get("/info").json()
    return {
        "storage": info["Driver"],
        "networks": sorted(info["Plugins"]["Network"] or []),
        "volumes": [info["Driver"]],
    }
