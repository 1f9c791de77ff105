# shows: a client has to stay until its container has ended
# told: You wait for the end of the program
def leave_running(url, name):
    client = lab.connect(url).docker()
    client.containers.run("busybox", ["sleep", "600"], name=name, labels=lab.labels(LESSON))
    client.close()
