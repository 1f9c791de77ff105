import docker


def let_in(url, name, network, alias):
    low = docker.APIClient(base_url=url, version="auto")
    low.connect_container_to_network(name, network, aliases=[alias])
    found = list(low.inspect_container(name)["NetworkSettings"]["Networks"])
    low.close()
    found.sort()
    return found
