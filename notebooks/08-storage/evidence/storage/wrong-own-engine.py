# shows: there is one engine
# told: asked another engine
def storage(url):
    info = engine.get("/info").json()
    pairs = info["DriverStatus"] or []
    containerd = ["driver-type", "io.containerd.snapshotter.v1"] in pairs
    return {"driver": info["Driver"], "containerd": containerd}
