BUILT_IN = {"bridge", "host", "none"}


def found_by(url, name):
    import docker

    client = docker.DockerClient(base_url=url)
    try:
        mine = client.containers.get(name).attrs["NetworkSettings"]["Networks"]
        wanted = [each["NetworkID"] for key, each in mine.items() if key not in BUILT_IN]
        found = []
        for each in client.containers.list():
            ids = [one["NetworkID"] for one in each.attrs["NetworkSettings"]["Networks"].values()]
            if each.name != name and any(one in wanted for one in ids):
                found.append(each.name)
        found.sort()
        return found
    finally:
        client.close()
