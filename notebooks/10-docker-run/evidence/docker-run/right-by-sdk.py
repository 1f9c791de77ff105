def docker_run(url, image, command):
    client = docker.DockerClient(base_url=url)
    try:
        for attempt in range(2):
            try:
                container = client.containers.create(image, command, labels=lab.labels(LESSON))
                break
            except docker.errors.APIError as refusal:
                if attempt == 1 or not isinstance(refusal, docker.errors.ImageNotFound):
                    return {"code": 125, "output": ""}
                try:
                    client.api.pull(image)
                except docker.errors.APIError:
                    pass
        container.start()
        code = container.wait()["StatusCode"]
        said = container.logs(stdout=True, stderr=False).decode()
        container.remove()
        return {"output": said, "code": code}
    finally:
        client.close()
