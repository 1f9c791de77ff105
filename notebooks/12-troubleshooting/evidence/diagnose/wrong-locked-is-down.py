# shows: a socket that cannot be opened belongs to an engine that is down
# told: the door is locked
def diagnose(url):
    if knock(url) != "connected":
        return "not running"
    engine = lab.connect(url)
    try:
        for path in ("/_ping", "/containers/json"):
            if engine.get(path, timeout=2).status_code >= 500:
                return "failing"
    except requests.Timeout:
        return "too slow"
    return "healthy"
