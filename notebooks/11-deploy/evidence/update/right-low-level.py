def update(url, name, image):
    import docker

    low = docker.APIClient(base_url=url, version="auto")
    old = low.inspect_container(name)
    [port] = old["HostConfig"]["PortBindings"]
    low.stop(old, timeout=3)
    low.rename(old, name + "-before")
    try:
        deploy(url, image, name, int(port.removesuffix("/tcp")))
        well = healthy(url, name, 15)
    except Exception:
        well = False
    if well:
        low.remove_container(old)
    else:
        with contextlib.suppress(docker.errors.NotFound):
            low.remove_container(name, force=True)
        low.rename(old, name)
        low.start(old)
    low.close()
    return well
