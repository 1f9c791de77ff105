def limited(image, command, megabytes, processes):
    body = {"HostConfig": {}, "Cmd": list(command)}
    body["HostConfig"].update(PidsLimit=processes)
    body["HostConfig"].update(Memory=megabytes << 20)
    body["Image"] = image
    return body
