# shows: a field that the engine does not refuse has an effect
# told: Limits belong under HostConfig
def limited(image, command, megabytes, processes):
    return {
        "Image": image,
        "Cmd": command,
        "Memory": megabytes * 1024 * 1024,
        "PidsLimit": processes,
    }
