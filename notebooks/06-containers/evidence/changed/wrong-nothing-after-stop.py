# shows: stopping loses the changes
# told: they live until it is removed
def changed(url, name):
    engine = lab.connect(url)
    found = {"changed": [], "added": [], "deleted": []}
    if engine.get(f"/containers/{name}/json").json()["State"]["Running"]:
        for each in engine.get(f"/containers/{name}/changes").json() or []:
            found[["changed", "added", "deleted"][each["Kind"]]].append(each["Path"])
    return {word: sorted(paths) for word, paths in found.items()}
