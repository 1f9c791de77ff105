# shows: an answer with an error, or a late one, means that the engine is down
# told: does run
def diagnose(url):
    found = {"connected": "healthy", "PermissionError": "not permitted"}.get(knock(url))
    if found != "healthy":
        return found or "not running"
    engine = lab.connect(url)
    try:
        for path in ("/_ping", "/containers/json"):
            if engine.get(path, timeout=2).status_code >= 500:
                return "failing"
    except requests.RequestException:
        return "not running"
    return "healthy"
