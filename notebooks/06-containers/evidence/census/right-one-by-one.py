def census(url):
    engine = lab.connect(url)
    found = {}
    for each in engine.get("/containers/json?all=1").json():
        status = engine.get(f"/containers/{each['Id']}/json").json()["State"]["Status"]
        found.setdefault(status, []).append(each)
    return {status: len(containers) for status, containers in found.items()}
