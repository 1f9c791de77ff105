def diagnose(url):
    kind = knock(url)
    if kind != "connected":
        return "not permitted" if kind == "PermissionError" else "not running"
    engine = lab.connect(url)
    try:
        ping = engine.head("/_ping", timeout=2)
        listing = engine.get("/containers/json", timeout=2)
    except requests.Timeout:
        return "too slow"
    return "failing" if max(ping.status_code, listing.status_code) >= 500 else "healthy"
