# shows: an image that is named twice is two images
# told: which digests are the same
def stored(url, names):
    engine = lab.connect(url)
    owners, number = {}, 0
    for name in names:
        for digest in set(engine.get(f"/images/{name}/json").json()["RootFS"]["Layers"]):
            if owners.setdefault(digest, name) == name:
                number += 1
    return number
