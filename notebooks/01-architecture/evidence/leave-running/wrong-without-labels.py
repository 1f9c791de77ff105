# shows: a label is decoration
# told: The SDK takes labels
def leave_running(url, name):
    client = lab.connect(url).docker()
    client.containers.run("busybox", ["sleep", "600"], name=name, detach=True)
    client.close()
