# shows: one network more does no harm
# told: They shared a network already
import uuid


def introduce(url, client, server):
    engine = lab.connect(url)
    recipe = {"Name": uuid.uuid4().hex, "Labels": lab.labels(LESSON)}
    network = engine.post("/networks/create", json=recipe).json()["Id"]
    for name in (client, server):
        engine.post(f"/networks/{network}/connect", json={"Container": name})
