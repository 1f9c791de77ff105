def life(url, name, since, until):
    client = lab.connect(url).docker()
    try:
        found = client.events(
            since=since, until=until, decode=True, filters={"container": name, "type": "container"}
        )
        return [event["Action"] for event in found]
    finally:
        client.close()
