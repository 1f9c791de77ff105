def storage(url):
    import docker

    client = docker.DockerClient(base_url=url)
    try:
        info = client.info()
    finally:
        client.close()
    kept_by = [pair[1] for pair in info.get("DriverStatus") or [] if pair[0] == "driver-type"]
    return {"driver": info["Driver"], "containerd": kept_by == ["io.containerd.snapshotter.v1"]}
