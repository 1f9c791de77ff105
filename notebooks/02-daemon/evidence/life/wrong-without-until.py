# shows: a stream of events ends by itself
# told: Without until the stream has no end
def life(url, name, since, until):
    found = []
    for line in lab.connect(url).get("/events", params={"since": since}, stream=True).iter_lines():
        event = json.loads(line)
        if event["Type"] == "container" and event["Actor"]["Attributes"]["name"] == name:
            found.append(event["Action"])
    return found
