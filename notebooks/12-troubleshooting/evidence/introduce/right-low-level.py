import docker


def introduce(url, client, server):
    low = docker.APIClient(base_url=url, version="auto")
    known = {}
    for name in (client, server):
        networks = low.inspect_container(name)["NetworkSettings"]["Networks"]
        known[name] = [each for each in networks if each != "bridge"]
    if any(each in known[server] for each in known[client]):
        return
    if known[client]:
        low.connect_container_to_network(server, known[client][0])
    elif known[server]:
        low.connect_container_to_network(client, known[server][0])
    else:
        low.create_network(f"for-{client}", labels=lab.labels(LESSON))
        low.connect_container_to_network(client, f"for-{client}")
        low.connect_container_to_network(server, f"for-{client}")
