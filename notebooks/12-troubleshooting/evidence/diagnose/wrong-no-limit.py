# shows: whoever answers at all is well, however late
# told: without one for as long as it takes
def diagnose(url):
    found = {"connected": "healthy", "PermissionError": "not permitted"}.get(knock(url))
    if found != "healthy":
        return found or "not running"
    engine = lab.connect(url)
    for path in ("/_ping", "/containers/json"):
        if engine.get(path).status_code >= 500:
            return "failing"
    return "healthy"
