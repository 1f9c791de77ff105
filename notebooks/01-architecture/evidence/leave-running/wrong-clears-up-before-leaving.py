# shows: a client that leaves has to take its containers along
# told: nothing needs to be removed
def leave_running(url, name):
    client = lab.connect(url).docker()
    made = client.containers.run(
        "busybox", ["sleep", "600"], name=name, labels=lab.labels(LESSON), detach=True
    )
    made.remove(force=True)
    client.close()
