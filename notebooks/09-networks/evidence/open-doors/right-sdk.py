def open_doors(url):
    import docker

    client = docker.DockerClient(base_url=url)
    try:
        return sorted(
            {
                (container.name, int(each["HostPort"]))
                for container in client.containers.list()
                for bound in container.ports.values()
                for each in bound or ()
                if each["HostIp"] not in {"127.0.0.1", "::1"}
            }
        )
    finally:
        client.close()
