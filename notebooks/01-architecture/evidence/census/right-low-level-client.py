import docker


def census(url):
    low = docker.APIClient(base_url=url, version="auto")
    return {
        "images": len(low.images()),
        "containers": len(low.containers(all=True)),
        "networks": len(low.networks()),
        "volumes": len(low.volumes()["Volumes"] or []),
    }
