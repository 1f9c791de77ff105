import docker


def leave_running(url, name):
    client = docker.DockerClient(base_url=url)
    made = client.containers.create(
        "busybox", name=name, command="sleep 600", labels={lab.LABEL: LESSON}
    )
    made.start()
    client.close()
