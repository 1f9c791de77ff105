# shows: there is one daemon, whatever the address
# told: asked another engine
def helpers(url):
    info = globals()["engine"].get("/info").json()
    return {
        "storage": info["Driver"],
        "networks": sorted(info["Plugins"]["Network"]),
        "volumes": sorted(info["Plugins"]["Volume"]),
    }
