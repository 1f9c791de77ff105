# shows: a failure is known by the words of its message
# told: Call knock\(\) for it
def diagnose(url):
    try:
        lab.connect(url).get("/_ping", timeout=2)
    except requests.ConnectionError as error:
        if "Cannot connect to the Docker daemon" in str(error):
            return "not running"
        return "not permitted"
    return "healthy"
