# shows: a meeting takes a new place
# told: the other can join it
import uuid


def introduce(url, client, server):
    engine = lab.connect(url)
    known = []
    for name in (client, server):
        found = engine.get(f"/containers/{name}/json").json()
        known.append(set(found["NetworkSettings"]["Networks"]) - {"bridge"})
    if known[0] & known[1]:
        return
    recipe = {"Name": uuid.uuid4().hex, "Labels": lab.labels(LESSON)}
    network = engine.post("/networks/create", json=recipe).json()["Id"]
    for name in (client, server):
        engine.post(f"/networks/{network}/connect", json={"Container": name})
