# shows: where nothing was changed, an empty list comes
# told: null
def changed(url, name):
    engine = lab.connect(url)
    found = {"changed": [], "added": [], "deleted": []}
    for each in engine.get(f"/containers/{name}/changes").json():
        found[["changed", "added", "deleted"][each["Kind"]]].append(each["Path"])
    return {kind: sorted(paths) for kind, paths in found.items()}
