import docker


def life(url, name, since, until):
    low = docker.APIClient(base_url=url, version="auto")
    events = low.events(since=since, until=until, decode=True, filters={"type": "container"})
    return [each["Action"] for each in events if each["Actor"]["Attributes"].get("name") == name]
