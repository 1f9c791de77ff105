def healthy(url, name, seconds):
    import docker

    client = docker.DockerClient(base_url=url, version="auto")
    container = client.containers.get(name)
    word = False
    for _ in range(int(seconds * 5) + 1):
        container.reload()
        state = container.attrs["State"]
        health = state.get("Health", {"Status": "none"})["Status"]
        if not state["Running"] or health == "unhealthy":
            break
        if health == "healthy":
            word = True
            break
        time.sleep(0.2)
    client.close()
    return word
