# shows: any program will do that runs for a moment
# told: The command stands behind the image
def leave_running(url, name):
    client = lab.connect(url).docker()
    client.containers.run(
        "busybox", ["sleep", "3"], name=name, labels=lab.labels(LESSON), detach=True
    )
    client.close()
