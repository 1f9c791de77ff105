def let_in(url, name, network, alias):
    engine = lab.connect(url)
    container = engine.get(f"/containers/{name}/json").json()["Id"]
    target = engine.get(f"/networks/{network}").json()["Id"]
    body = {"EndpointConfig": {"Aliases": [alias]}, "Container": container}
    assert engine.post(f"/networks/{target}/connect", json=body).status_code == 200
    found = engine.get("/networks").json()
    on = [engine.get(f"/networks/{each['Id']}").json() for each in found]
    return sorted(each["Name"] for each in on if container in (each.get("Containers") or {}))
