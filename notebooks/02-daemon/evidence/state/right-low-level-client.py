import docker


def state(url):
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(url.removeprefix("unix://"))
    except OSError as error:
        return {
            "FileNotFoundError": "no socket",
            "ConnectionRefusedError": "nobody listens",
            "PermissionError": "not permitted",
        }[type(error).__name__]
    low = docker.APIClient(base_url=url, version="1.41")
    try:
        low.ping()
    except docker.errors.APIError as error:
        if error.is_server_error():
            return "error"
    return "running"
