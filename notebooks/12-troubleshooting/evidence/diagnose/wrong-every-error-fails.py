# shows: whatever is not a success is a failure of the engine
# told: from 500 on it fails
def diagnose(url):
    found = {"connected": "healthy", "PermissionError": "not permitted"}.get(knock(url))
    if found != "healthy":
        return found or "not running"
    engine = lab.connect(url)
    try:
        for path in ("/_ping", "/containers/json"):
            if not engine.get(path, timeout=2).ok:
                return "failing"
    except requests.Timeout:
        return "too slow"
    return "healthy"
