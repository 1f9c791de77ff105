# shows: every engine stores with overlay2
# told: is not the same everywhere
def storage(url):
    return {"driver": "overlay2", "containerd": False}
