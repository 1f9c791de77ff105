import docker


def halt(url, name, seconds):
    low = docker.APIClient(base_url=url, version="auto")
    low.stop(name, timeout=seconds)
    return low.inspect_container(name)["State"]["ExitCode"]
