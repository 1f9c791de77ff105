import docker


def run(url, image, command):
    low = docker.APIClient(base_url=url, version="auto")
    made = low.create_container(image, command)
    low.start(made)
    low.wait(made)
    said = low.logs(made, stdout=True, stderr=False)
    low.remove_container(made)
    return said.decode()
