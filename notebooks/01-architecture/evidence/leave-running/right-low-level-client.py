import docker


def leave_running(url, name):
    low = docker.APIClient(base_url=url, version="auto")
    made = low.create_container("busybox", ["sleep", "600"], name=name, labels=lab.labels(LESSON))
    low.start(made)
    low.close()
