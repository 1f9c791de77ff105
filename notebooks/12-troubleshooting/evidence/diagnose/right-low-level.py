import docker


def diagnose(url):
    try:
        low = docker.APIClient(base_url=url, version="auto", timeout=2)
        low.ping()
        low.containers()
    except docker.errors.APIError as error:
        return "failing" if error.is_server_error() else "healthy"
    except (docker.errors.DockerException, requests.RequestException) as error:
        while error is not None:
            if isinstance(error, PermissionError):
                return "not permitted"
            if isinstance(error, requests.ReadTimeout):
                return "too slow"
            error = error.__cause__ or error.__context__
        return "not running"
    return "healthy"
