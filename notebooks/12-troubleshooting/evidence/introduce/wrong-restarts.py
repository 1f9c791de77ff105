# shows: a restart helps
# told: A running container can join a network
def introduce(url, client, server):
    engine = lab.connect(url)
    for name in (client, server):
        engine.post(f"/containers/{name}/restart?t=0")
