# shows: the driver's name tells who keeps the layers
# told: name does not tell who keeps the layers
def storage(url):
    driver = lab.connect(url).get("/info").json()["Driver"]
    return {"driver": driver, "containerd": driver == "overlayfs"}
