import docker


def changed(url, name):
    low = docker.APIClient(base_url=url, version="auto")
    found = {"changed": [], "added": [], "deleted": []}
    for each in low.diff(name) or []:
        list(found.values())[each["Kind"]].append(each["Path"])
    return {word: sorted(paths) for word, paths in found.items()}
