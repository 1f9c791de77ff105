def docker_run(url, image, command):
    low = docker.APIClient(base_url=url, version="auto")
    recipe = {"image": image, "command": command, "labels": lab.labels(LESSON)}
    try:
        try:
            made = low.create_container(**recipe)
        except docker.errors.ImageNotFound:
            low.pull(image)
            made = low.create_container(**recipe)
    except docker.errors.APIError:
        return {"code": 125, "output": ""}
    low.start(made)
    code = low.wait(made)["StatusCode"]
    said = low.logs(made, stdout=True, stderr=False)
    low.remove_container(made)
    low.close()
    return {"code": code, "output": said.decode()}
