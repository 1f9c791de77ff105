def in_volumes(url, name):
    import docker

    low = docker.APIClient(base_url=url, version="auto")
    mounts = low.inspect_container(name)["Mounts"]
    low.close()
    volumes = filter(lambda each: each["Type"] == "volume", mounts)
    return {each["Destination"]: each["Name"] for each in volumes}
