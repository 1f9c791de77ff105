# shows: who limits the memory limits the rest
# told: At least one limit did not arrive
def limited(image, command, megabytes, processes):
    return {"Image": image, "Cmd": command, "HostConfig": {"Memory": megabytes * 1024 * 1024}}
