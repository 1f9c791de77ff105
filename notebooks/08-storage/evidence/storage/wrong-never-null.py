# shows: a list is always a list
# told: DriverStatus is null on this engine
def storage(url):
    info = lab.connect(url).get("/info").json()
    status = dict(info["DriverStatus"])
    return {"driver": info["Driver"], "containerd": "containerd" in status.get("driver-type", "")}
