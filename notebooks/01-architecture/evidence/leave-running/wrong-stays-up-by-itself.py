# shows: a container stays up by itself, whatever its program does
# told: as long as its main program does
def leave_running(url, name):
    client = lab.connect(url).docker()
    client.containers.run("busybox", ["true"], name=name, labels=lab.labels(LESSON), detach=True)
    client.close()
