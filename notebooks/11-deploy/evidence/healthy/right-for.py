def healthy(url, name, seconds):
    import docker

    client = docker.DockerClient(base_url=url, version="auto")
    container = client.containers.get(name)
    word = False
    for _ in range(int(seconds * 5) + 1):
        container.reload()
        state = container.attrs["State"]
        if not state["Running"] or state["Health"]["Status"] == "unhealthy":
            break
        if state["Health"]["Status"] == "healthy":
            word = True
            break
        time.sleep(0.2)
    client.close()
    return word
