# shows: a thing happens once in a life
# told: as often as it came
def life(url, name, since, until):
    events = lab.connect(url).get(f"/events?since={since}&until={until}").text.splitlines()
    found = []
    for event in map(json.loads, filter(None, events)):
        if event["Type"] == "container" and event["Actor"]["Attributes"]["name"] == name:
            found.append(event["Action"])
    return list(dict.fromkeys(found))
