def census(url):
    from collections import Counter

    import docker

    client = docker.DockerClient(base_url=url)
    try:
        return dict(Counter(each.status for each in client.containers.list(all=True)))
    finally:
        client.close()
