# shows: an engine that is not running leaves its socket
# told: connect\(\) raises where nobody answers
def diagnose(url):
    engine = lab.connect(url)
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(url.removeprefix("unix://"))
        for path in ("/_ping", "/containers/json"):
            if engine.get(path, timeout=2).status_code >= 500:
                return "failing"
    except ConnectionRefusedError:
        return "not running"
    except PermissionError:
        return "not permitted"
    except requests.Timeout:
        return "too slow"
    return "healthy"
