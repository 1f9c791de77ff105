# shows: whatever fails, the daemon is not running
# told: catches every kind
def state(url):
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(url.removeprefix("unix://"))
    except OSError:
        return "no socket"
    return "running" if lab.connect(url).get("/_ping").ok else "error"
