def changed(url, name):
    import docker

    client = docker.DockerClient(base_url=url)
    words = {0: "changed", 1: "added", 2: "deleted"}
    found = {word: [] for word in words.values()}
    try:
        for each in client.containers.get(name).diff() or ():
            found[words[each["Kind"]]].append(each["Path"])
    finally:
        client.close()
    for paths in found.values():
        paths.sort()
    return found
