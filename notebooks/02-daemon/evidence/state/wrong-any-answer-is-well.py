# shows: an engine that answers is well, whatever it says
# told: look at its status
def state(url):
    words = {
        "FileNotFoundError": "no socket",
        "ConnectionRefusedError": "nobody listens",
        "PermissionError": "not permitted",
        "connected": "running",
    }
    return words[knock(url)]
