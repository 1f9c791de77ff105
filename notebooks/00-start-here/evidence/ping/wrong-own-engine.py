# shows: there is one engine, and it is mine
# told: asked another engine|ask the engine at the url that ping is given
def ping(url):
    return engine.get("/_ping").text
