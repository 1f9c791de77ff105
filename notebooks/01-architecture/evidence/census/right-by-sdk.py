def census(url):
    client = lab.connect(url).docker()
    try:
        return {
            "volumes": len(client.volumes.list()),
            "networks": len(client.networks.list()),
            "images": len(client.api.images()),
            "containers": len(client.api.containers(all=True)),
        }
    finally:
        client.close()
