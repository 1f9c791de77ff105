# shows: a container that is created runs
# told: starting is a call of its own
def leave_running(url, name):
    client = lab.connect(url).docker()
    client.containers.create("busybox", ["sleep", "600"], name=name, labels=lab.labels(LESSON))
    client.close()
