# shows: a name is found by a part of it
# told: compare the whole of it
def life(url, name, since, until):
    events = lab.connect(url).get(f"/events?since={since}&until={until}").text.splitlines()
    found = []
    for event in map(json.loads, filter(None, events)):
        if event["Type"] == "container" and name in event["Actor"]["Attributes"]["name"]:
            found.append(event["Action"])
    return found
