def limited(image, command, megabytes, processes):
    import docker

    limits = docker.types.HostConfig(
        version="1.40", mem_limit=f"{megabytes}m", pids_limit=processes
    )
    return dict(Image=image, Cmd=command, HostConfig=dict(limits))
