# shows: a word is as good as True
# told: The value of 'containerd' is True or False
def storage(url):
    info = lab.connect(url).get("/info").json()
    pairs = info["DriverStatus"] or []
    containerd = ["driver-type", "io.containerd.snapshotter.v1"] in pairs
    return {"driver": info["Driver"], "containerd": "yes" if containerd else "no"}
