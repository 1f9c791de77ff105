# shows: the last one named is the one that counts
# told: which digests are the same
def stored(url, names):
    engine = lab.connect(url)
    return len(set(engine.get(f"/images/{names[-1]}/json").json()["RootFS"]["Layers"]))
