def inside(url, name, command):
    import docker

    client = docker.DockerClient(base_url=url)
    try:
        done = client.containers.get(name).exec_run(command)
        return done.exit_code, done.output.decode()
    finally:
        client.close()
