# shows: an engine sorts what it lists
# told: Sort each list of paths
def changed(url, name):
    found = {"changed": [], "added": [], "deleted": []}
    for each in lab.connect(url).get(f"/containers/{name}/changes").json() or []:
        found[["changed", "added", "deleted"][each["Kind"]]].append(each["Path"])
    return found
