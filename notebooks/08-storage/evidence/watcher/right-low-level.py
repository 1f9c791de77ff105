def watcher(url, name, image, command, other):
    import docker

    low = docker.APIClient(base_url=url, version="auto")
    host = low.create_host_config(volumes_from=[f"{other}:ro"])
    made = low.create_container(
        image, command, name=name, host_config=host, labels=lab.labels(LESSON)
    )
    low.start(made)
    low.close()
