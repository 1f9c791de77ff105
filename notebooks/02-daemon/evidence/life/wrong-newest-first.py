# shows: a diary is read from its end
# told: Oldest first
def life(url, name, since, until):
    window = {"since": since, "until": until}
    answer = lab.connect(url).get("/events", params=window)
    events = [json.loads(line) for line in answer.text.splitlines()]
    return [
        event["Action"]
        for event in reversed(events)
        if event["Type"] == "container" and event["Actor"]["Attributes"].get("name") == name
    ]
