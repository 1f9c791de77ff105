# shows: what images share, they share with the first one
# told: count every digest once
def stored(url, names):
    engine = lab.connect(url)
    first, *rest = [engine.get(f"/images/{n}/json").json()["RootFS"]["Layers"] for n in names]
    return len(set(first)) + sum(len(set(layers) - set(first)) for layers in rest)
