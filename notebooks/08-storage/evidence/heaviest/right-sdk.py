def heaviest(url):
    import docker

    client = docker.DockerClient(base_url=url)
    try:
        found = client.df()["Containers"] or []
    finally:
        client.close()
    by_size = {each["Names"][0][1:]: each.get("SizeRw", 0) for each in found}
    return max(by_size, key=by_size.get, default="")
