import docker


def deliver(url, name, tag, user, password):
    low = docker.APIClient(base_url=url, version="auto")
    auth = {"username": user, "password": password}
    said = list(low.push(name, tag=tag, auth_config=auth, stream=True, decode=True))
    return not [line for line in said if "errorDetail" in line]
