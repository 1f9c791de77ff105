import uuid


def introduce(url, client, server):
    engine = lab.connect(url)
    network = engine.post("/networks/create", json={"Name": uuid.uuid4().hex}).json()["Id"]
    for name in (client, server):
        engine.post(f"/networks/{network}/connect", json={"Container": name}).raise_for_status()
