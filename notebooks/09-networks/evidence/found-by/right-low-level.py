import docker

BUILT_IN = {"bridge", "host", "none"}


def found_by(url, name):
    low = docker.APIClient(base_url=url, version="auto")
    mine = set(low.inspect_container(name)["NetworkSettings"]["Networks"]) - BUILT_IN
    others = []
    for each in low.containers():
        other = each["Names"][0][1:]
        if other != name and not mine.isdisjoint(each["NetworkSettings"]["Networks"]):
            others.append(other)
    low.close()
    return sorted(others)
