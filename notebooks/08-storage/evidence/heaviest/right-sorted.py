def heaviest(url):
    engine = lab.connect(url)
    sizes = []
    for each in engine.get("/containers/json?all=1").json():
        details = engine.get(f"/containers/{each['Id']}/json?size=1").json()
        sizes.append((details.get("SizeRw", 0), details["Name"][1:]))
    return sorted(sizes)[-1][1] if sizes else ""
