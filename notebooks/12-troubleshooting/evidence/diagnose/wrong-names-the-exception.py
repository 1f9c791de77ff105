# shows: the kind of a failure is what the exception is called
# told: Call knock\(\) for it
def diagnose(url):
    found = knock(url)
    if found != "connected":
        return found
    engine = lab.connect(url)
    try:
        for path in ("/_ping", "/containers/json"):
            if engine.get(path, timeout=2).status_code >= 500:
                return "failing"
    except requests.Timeout:
        return "too slow"
    return "healthy"
