import docker
import requests

WORDS = {
    FileNotFoundError: "no socket",
    ConnectionRefusedError: "nobody listens",
    PermissionError: "not permitted",
}


def state(url):
    client = docker.DockerClient(base_url=url, version="1.41")
    try:
        client.ping()
    except docker.errors.APIError as error:
        return "error" if error.is_server_error() else "running"
    except requests.ConnectionError as error:
        while type(error) not in WORDS:
            error = error.__cause__ or error.__context__
        return WORDS[type(error)]
    return "running"
