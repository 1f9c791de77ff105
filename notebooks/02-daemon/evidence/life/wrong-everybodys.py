# shows: the events are those of the container one thinks of
# told: entries of other containers
def life(url, name, since, until):
    window = {"since": since, "until": until}
    answer = lab.connect(url).get("/events", params=window)
    events = [json.loads(line) for line in answer.text.splitlines()]
    return [event["Action"] for event in events if event["Type"] == "container"]
