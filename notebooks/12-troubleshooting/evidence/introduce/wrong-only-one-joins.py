# shows: it is enough that one of the two is on a network with names
# told: Both have to be members of the same one
def introduce(url, client, server):
    engine = lab.connect(url)
    engine.post("/networks/create", json={"Name": "meeting-point"})
    engine.post("/networks/meeting-point/connect", json={"Container": client})
