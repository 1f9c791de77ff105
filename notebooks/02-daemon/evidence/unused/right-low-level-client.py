import docker


def unused(url):
    low = docker.APIClient(base_url=url, version="auto")
    used = {each["ImageID"] for each in low.containers(all=True)}
    return [each["RepoTags"][0] for each in low.images() if each["Id"] not in used]
