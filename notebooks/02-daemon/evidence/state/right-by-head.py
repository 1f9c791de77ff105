import requests


def state(url):
    path = url.removeprefix("unix://")
    try:
        client = socket.socket(socket.AF_UNIX)
        client.connect(path)
    except FileNotFoundError:
        return "no socket"
    except PermissionError:
        return "not permitted"
    except ConnectionError:
        return "nobody listens"
    finally:
        client.close()
    return "error" if lab.connect(url).head("/_ping").status_code >= 500 else "running"
