# shows: every image is on every engine
# told: No such image
def leave_running(url, name):
    client = lab.connect(url).docker()
    made = client.containers.create(
        "alpine", ["sleep", "600"], name=name, labels=lab.labels(LESSON)
    )
    made.start()
    client.close()
