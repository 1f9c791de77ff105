# shows: an engine runs only if it answers with 200
# told: Only 500 and above is an error
def state(url):
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(url.removeprefix("unix://"))
    except FileNotFoundError:
        return "no socket"
    except ConnectionRefusedError:
        return "nobody listens"
    except PermissionError:
        return "not permitted"
    return "running" if lab.connect(url).get("/_ping").ok else "error"
