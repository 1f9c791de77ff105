def life(url, name, since, until):
    answer = lab.connect(url).get(f"/events?since={since}&until={until}")
    events = [json.loads(line) for line in answer.text.splitlines() if line]
    mine = [
        event
        for event in events
        if event["Type"] == "container" and event["Actor"]["Attributes"]["name"] == name
    ]
    return [event["Action"] for event in sorted(mine, key=lambda event: event["timeNano"])]
