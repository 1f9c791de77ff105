# shows: volumes are kept by the storage driver
# told: The dictionary has three keys
def helpers(url):
    info = lab.connect(url).get("/info").json()
    return {"storage": info["Driver"], "networks": sorted(info["Plugins"]["Network"])}
