# shows: an exception is an accident, not a finding
# told: that nobody answers is a finding
def state(url):
    return "running" if lab.connect(url).get("/_ping").ok else "error"
