import http.client


def status(url, path):
    connection = http.client.HTTPConnection("localhost", timeout=2)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(2)
    connection.sock.connect(url.removeprefix("unix://"))
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def diagnose(url):
    try:
        ping, listing = status(url, "/_ping"), status(url, "/containers/json")
    except PermissionError:
        return "not permitted"
    except (FileNotFoundError, ConnectionRefusedError):
        return "not running"
    except TimeoutError:
        return "too slow"
    return "failing" if ping >= 500 or listing >= 500 else "healthy"
