# shows: an engine that answers with an error does not run
# told: this engine runs
def state(url):
    words = {
        "FileNotFoundError": "no socket",
        "ConnectionRefusedError": "nobody listens",
        "PermissionError": "not permitted",
    }
    if knock(url) != "connected":
        return words[knock(url)]
    return "running" if lab.connect(url).get("/_ping").ok else "nobody listens"
