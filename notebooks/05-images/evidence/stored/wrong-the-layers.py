# shows: the list is the number
# told: Return their number
def stored(url, names):
    engine = lab.connect(url)
    found = []
    for name in names:
        found += engine.get(f"/images/{name}/json").json()["RootFS"]["Layers"]
    return sorted(set(found))
