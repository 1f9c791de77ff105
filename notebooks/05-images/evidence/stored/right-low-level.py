import docker


def stored(url, names):
    low = docker.APIClient(base_url=url, version="auto")
    return len({d for name in names for d in low.inspect_image(name)["RootFS"]["Layers"]})
