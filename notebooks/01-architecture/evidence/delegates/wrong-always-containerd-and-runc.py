# shows: behind every engine are containerd and runc
# told: differs from engine to engine
def delegates(url):
    return ["containerd", "docker-init", "runc"]
