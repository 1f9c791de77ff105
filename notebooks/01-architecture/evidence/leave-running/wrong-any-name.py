# shows: a container's name is the engine's business
# told: There is no container of that name
def leave_running(url, name):
    client = lab.connect(url).docker()
    client.containers.run("busybox", ["sleep", "600"], detach=True, labels=lab.labels(LESSON))
    client.close()
