import docker


def set_variable(url, name, variable, value):
    low = docker.APIClient(base_url=url, version="auto")
    old = low.inspect_container(name)["Config"]
    others = [line for line in old["Env"] if line.split("=")[0] != variable]
    low.remove_container(name, force=True)
    new = low.create_container(
        old["Image"],
        old["Cmd"],
        name=name,
        environment=[*others, f"{variable}={value}"],
        labels=old["Labels"],
    )["Id"]
    low.start(new)
    return new
