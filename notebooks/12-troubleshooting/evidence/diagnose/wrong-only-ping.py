# shows: an engine that answers its ping is well
# told: Ask both paths
def diagnose(url):
    if knock(url) == "PermissionError":
        return "not permitted"
    if knock(url) != "connected":
        return "not running"
    try:
        answer = lab.connect(url).get("/_ping", timeout=2)
    except requests.Timeout:
        return "too slow"
    return "failing" if answer.status_code >= 500 else "healthy"
