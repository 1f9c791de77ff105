# shows: the filter of events by container takes whole names only
# told: compare the whole of it
def life(url, name, since, until):
    client = lab.connect(url).docker()
    found = client.events(
        since=since, until=until, decode=True, filters={"container": name, "type": "container"}
    )
    return [event["Action"] for event in found]
