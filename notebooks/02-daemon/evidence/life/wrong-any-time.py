# shows: the times do not matter, it is always the same diary
# told: Pass both times on
def life(url, name, since, until):
    window = {"since": 0, "until": int(time.time()) + 1}
    answer = lab.connect(url).get("/events", params=window)
    events = [json.loads(line) for line in answer.text.splitlines()]
    return [
        event["Action"]
        for event in events
        if event["Type"] == "container" and event["Actor"]["Attributes"].get("name") == name
    ]
