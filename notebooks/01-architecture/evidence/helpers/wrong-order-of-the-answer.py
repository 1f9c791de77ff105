# shows: a list comes in the order that was asked for
# told: sorted\(\) brings each list
def helpers(url):
    info = lab.connect(url).get("/info").json()
    return {
        "storage": info["Driver"],
        "networks": info["Plugins"]["Network"] or [],
        "volumes": info["Plugins"]["Volume"] or [],
    }
