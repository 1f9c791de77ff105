def set_variable(url, name, variable, value):
    import docker

    client = docker.DockerClient(base_url=url)
    try:
        old = client.containers.get(name)
        config = old.attrs["Config"]
        variables = dict(line.split("=", 1) for line in config["Env"])
        variables[variable] = value
        old.remove(force=True)
        new = client.containers.run(
            config["Image"],
            config["Cmd"],
            name=name,
            environment=variables,
            labels=config["Labels"],
            detach=True,
        )
        return new.id
    finally:
        client.close()
