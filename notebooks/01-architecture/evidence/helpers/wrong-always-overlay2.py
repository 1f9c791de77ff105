# shows: every engine stores with overlay2
# told: usual, and not the only one
def helpers(url):
    plugins = lab.connect(url).get("/info").json()["Plugins"]
    return {
        "storage": "overlay2",
        "networks": sorted(plugins["Network"] or []),
        "volumes": sorted(plugins["Volume"] or []),
    }
