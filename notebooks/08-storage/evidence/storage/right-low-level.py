def storage(url):
    import docker

    client = docker.APIClient(base_url=url, version="auto")
    info = client.info()
    client.close()
    containerd = False
    for kind, value in info["DriverStatus"] or []:
        containerd |= (kind, value) == ("driver-type", "io.containerd.snapshotter.v1")
    return {"containerd": containerd, "driver": info["Driver"]}
