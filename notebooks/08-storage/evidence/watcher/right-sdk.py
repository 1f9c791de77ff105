def watcher(url, name, image, command, other):
    import docker

    client = docker.DockerClient(base_url=url)
    try:
        volumes = {
            each["Name"]: {"bind": each["Destination"], "mode": "ro"}
            for each in client.containers.get(other).attrs["Mounts"]
        }
        labels = lab.labels(LESSON)
        client.containers.run(
            image, command, name=name, volumes=volumes, labels=labels, detach=True
        )
    finally:
        client.close()
