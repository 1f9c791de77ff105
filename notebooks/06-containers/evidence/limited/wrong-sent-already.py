# shows: a request is sent where it is written
# told: leave the sending to the check
def limited(image, command, megabytes, processes):
    limits = {"Memory": megabytes * 1024 * 1024, "PidsLimit": processes}
    body = {"Image": image, "Cmd": command, "HostConfig": limits, "Labels": lab.labels(LESSON)}
    return engine.post("/containers/create", json=body).json()["Id"]
