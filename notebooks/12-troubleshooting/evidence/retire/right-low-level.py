import docker


def retire(url, image):
    low = docker.APIClient(base_url=url, version="auto")
    wanted = low.inspect_image(image)["Id"]
    for container in low.containers(all=True):
        if container["ImageID"] == wanted:
            low.remove_container(container, force=True)
    low.remove_image(image)
