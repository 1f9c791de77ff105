import docker


def causes(error):
    found = []
    while error is not None:
        found.append(type(error))
        error = error.__cause__ or error.__context__
    return found


def diagnose(url):
    try:
        client = docker.DockerClient(base_url=url, version="1.44", timeout=2)
        client.ping()
        client.containers.list()
    except docker.errors.APIError as error:
        return "failing" if error.status_code >= 500 else "healthy"
    except requests.Timeout:
        return "too slow"
    except requests.ConnectionError as error:
        return "not permitted" if PermissionError in causes(error) else "not running"
    return "healthy"
