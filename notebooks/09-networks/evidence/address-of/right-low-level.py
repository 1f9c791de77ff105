import docker


def address_of(url, app, server, port):
    low = docker.APIClient(base_url=url, version="auto")
    found = [low.inspect_container(each)["NetworkSettings"]["Networks"] for each in (app, server)]
    low.close()
    mine, other = found
    shared = mine.keys() & other.keys()
    if shared > {"bridge"} or (shared and "bridge" not in shared):
        return f"http://{server}:{port}"
    return f"http://{other['bridge']['IPAddress']}:{port}" if shared else ""
