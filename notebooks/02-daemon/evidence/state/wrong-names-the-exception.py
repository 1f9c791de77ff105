# shows: the kind of a failure is what the exception is called
# told: Call knock\(\) for such an engine
def state(url):
    found = knock(url)
    if found != "connected":
        return found
    return "error" if lab.connect(url).get("/_ping").status_code >= 500 else "running"
