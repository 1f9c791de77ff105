# shows: a container has the four actions of the example and no others
# told: Every action counts, known or not
def life(url, name, since, until):
    events = lab.connect(url).get(f"/events?since={since}&until={until}").text.splitlines()
    found = []
    for event in map(json.loads, filter(None, events)):
        if (
            event["Type"] == "container"
            and event["Actor"]["Attributes"]["name"] == name
            and event["Action"] in ("create", "start", "die", "destroy")
        ):
            found.append(event["Action"])
    return found
