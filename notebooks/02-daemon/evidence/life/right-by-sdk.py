def life(url, name, since, until):
    client = lab.connect(url).docker()
    try:
        found = client.events(
            since=since, until=until, decode=True, filters={"container": name, "type": "container"}
        )
        # The filter takes the beginning of a name, too.
        return [e["Action"] for e in found if e["Actor"]["Attributes"]["name"] == name]
    finally:
        client.close()
