def heaviest(url):
    import docker

    low = docker.APIClient(base_url=url, version="auto")
    most = {"Names": ["/"]}
    for each in low.containers(all=True, size=True):
        if each.get("SizeRw", 0) > most.get("SizeRw", -1):
            most = each
    low.close()
    return most["Names"][0][1:]
