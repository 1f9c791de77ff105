# shows: dockerd runs the containers by itself
# told: the engine is one of several there
def delegates(url):
    return []
