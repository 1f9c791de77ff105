import docker


def rescue(url, container, name):
    low = docker.APIClient(base_url=url, version="auto")
    at = name.rindex(":")
    low.commit(container, name[:at], name[at + 1 :])
    low.remove_container(container, force=True)
