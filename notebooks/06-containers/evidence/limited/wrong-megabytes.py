# shows: the API counts memory in megabytes
# told: Memory is a number of bytes
def limited(image, command, megabytes, processes):
    limits = {"Memory": megabytes, "PidsLimit": processes}
    return {"Image": image, "Cmd": command, "HostConfig": limits}
