import uuid


def introduce(url, client, server):
    engine = lab.connect(url)
    for network in engine.get("/networks").json():
        found = engine.get(f"/networks/{network['Id']}").json()
        members = {each["Name"] for each in found.get("Containers", {}).values()}
        if network["Name"] != "bridge" and {client, server} <= members:
            return
    recipe = {"Name": uuid.uuid4().hex, "Labels": lab.labels(LESSON)}
    network = engine.post("/networks/create", json=recipe).json()["Id"]
    for name in (client, server):
        engine.post(f"/networks/{network}/connect", json={"Container": name}).raise_for_status()
