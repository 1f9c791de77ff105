# shows: a container belongs to the client that started it, and ends with it
# told: whether a client is there or not
def leave_running(url, name):
    client = lab.connect(url).docker()
    made = client.containers.run(
        "busybox", ["sleep", "600"], name=name, labels=lab.labels(LESSON), detach=True
    )
    made.kill()
    client.close()
