def storage(url):
    info = lab.connect(url).get("/info").json()
    status = {name: value for name, value in info["DriverStatus"] or ()}
    kept_by = str(status.get("driver-type"))
    return {"containerd": kept_by.startswith("io.containerd."), "driver": info["Driver"]}
