# shows: the order says what is what
# told: Return a dictionary with the keys
def storage(url):
    info = lab.connect(url).get("/info").json()
    pairs = info["DriverStatus"] or []
    return [info["Driver"], ["driver-type", "io.containerd.snapshotter.v1"] in pairs]
