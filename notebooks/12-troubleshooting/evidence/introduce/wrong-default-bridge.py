# shows: the default bridge resolves names
# told: The default bridge knows no names
def introduce(url, client, server):
    engine = lab.connect(url)
    for name in (client, server):
        engine.post("/networks/bridge/connect", json={"Container": name})
