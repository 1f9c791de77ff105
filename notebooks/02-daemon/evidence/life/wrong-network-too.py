# shows: whatever bears the container's name has happened to it
# told: connect and disconnect happen to a network
def life(url, name, since, until):
    engine = lab.connect(url)
    window = {"since": since, "until": until}
    found, mine = [], {name}
    for line in engine.get("/events", params=window, stream=True).iter_lines():
        event = json.loads(line)
        told = event["Actor"]["Attributes"]
        if event["Type"] == "container" and told.get("name") == name:
            mine.add(event["Actor"]["ID"])
            found.append(event["Action"])
        elif event["Type"] == "network" and told.get("container") in mine:
            found.append(event["Action"])
    return found
