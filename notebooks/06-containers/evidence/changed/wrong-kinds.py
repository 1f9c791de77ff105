# shows: a deletion takes a file out of the image, so there is nothing to list
# told: kinds are mixed up
def changed(url, name):
    engine = lab.connect(url)
    found = {"added": [], "changed": [], "deleted": []}
    for each in engine.get(f"/containers/{name}/changes").json() or []:
        found[["added", "added", "changed"][each["Kind"]]].append(each["Path"])
    return {kind: sorted(paths) for kind, paths in found.items()}
