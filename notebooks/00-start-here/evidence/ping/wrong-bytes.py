# shows: bytes and text are the same
# told: those are the body's bytes
def ping(url):
    return lab.connect(url).get("/_ping").content
