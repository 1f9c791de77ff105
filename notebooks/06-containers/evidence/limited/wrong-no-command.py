# shows: a container does what its image says
# told: Compare with the recipe
def limited(image, command, megabytes, processes):
    limits = {"Memory": megabytes * 1024 * 1024, "PidsLimit": processes}
    return {"Image": image, "HostConfig": limits}
