# shows: whatever fails, the daemon is not running
# told: the door is locked
def diagnose(url):
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(url.removeprefix("unix://"))
    except OSError:
        return "not running"
    return "healthy"
