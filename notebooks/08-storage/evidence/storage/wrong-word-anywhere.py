# shows: a word anywhere in the answer says who keeps the layers
# told: Look for the pair in DriverStatus
def storage(url):
    info = lab.connect(url).get("/info").json()
    status = str(info["DriverStatus"])
    return {"driver": info["Driver"], "containerd": "io.containerd.snapshotter.v1" in status}
