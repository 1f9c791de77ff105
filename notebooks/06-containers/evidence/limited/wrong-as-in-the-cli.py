# shows: the API takes the CLI's words
# told: is for the CLI alone
def limited(image, command, megabytes, processes):
    limits = {"Memory": f"{megabytes}m", "PidsLimit": processes}
    return {"Image": image, "Cmd": command, "HostConfig": limits}
