import docker


def census(url):
    low = docker.APIClient(base_url=url, version="auto")
    states = [each["State"] for each in low.containers(all=True)]
    return {state: states.count(state) for state in states}
