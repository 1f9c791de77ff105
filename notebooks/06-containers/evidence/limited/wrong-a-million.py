# shows: a megabyte is a million bytes
# told: Which megabytes does the task mean
def limited(image, command, megabytes, processes):
    limits = {"Memory": megabytes * 1_000_000, "PidsLimit": processes}
    return {"Image": image, "Cmd": command, "HostConfig": limits}
