import docker


def last_name(url, name):
    low = docker.APIClient(base_url=url, version="auto")
    return len(low.inspect_image(name)["RepoTags"]) == 1
