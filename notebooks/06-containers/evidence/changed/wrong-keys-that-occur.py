# shows: what is empty may be left out
# told: each with its list
def changed(url, name):
    found = {}
    for each in lab.connect(url).get(f"/containers/{name}/changes").json() or []:
        word = ["changed", "added", "deleted"][each["Kind"]]
        found.setdefault(word, []).append(each["Path"])
    return {word: sorted(paths) for word, paths in found.items()}
