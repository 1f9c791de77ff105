# shows: an event is its action
# told: Print every event as it comes
def life(url, name, since, until):
    window = {"since": since, "until": until}
    found = []
    for line in lab.connect(url).get("/events", params=window, stream=True).iter_lines():
        event = json.loads(line)
        if event["Type"] == "container" and event["Actor"]["Attributes"].get("name") == name:
            found.append(event)
    return found
