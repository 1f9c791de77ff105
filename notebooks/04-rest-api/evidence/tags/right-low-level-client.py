import docker


def tags(url):
    low = docker.APIClient(base_url=url, version="auto")
    found = []
    for image in low.images():
        found += image["RepoTags"] or []
    found.sort()
    return found
