# shows: there is one engine, and it is mine
# told: asked another engine
def ping(url):
    return engine.get("/_ping").text
