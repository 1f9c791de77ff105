# shows: an answer is an answer, whether it takes two seconds or four
# told: after 2 seconds it is too slow
def diagnose(url):
    found = {"connected": "healthy", "PermissionError": "not permitted"}.get(knock(url))
    if found != "healthy":
        return found or "not running"
    engine = lab.connect(url)
    try:
        for path in ("/_ping", "/containers/json"):
            if engine.get(path, timeout=4).status_code >= 500:
                return "failing"
    except requests.Timeout:
        return "too slow"
    return "healthy"
