import docker


def inside(url, name, command):
    low = docker.APIClient(base_url=url, version="auto")
    made = low.exec_create(name, command)["Id"]
    written = low.exec_start(made)
    return [low.exec_inspect(made)["ExitCode"], written.decode()]
