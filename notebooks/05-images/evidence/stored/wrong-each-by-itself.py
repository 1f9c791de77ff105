# shows: every image has its layers for itself
# told: stores each digest once
def stored(url, names):
    engine = lab.connect(url)
    images = [engine.get(f"/images/{name}/json").json() for name in names]
    return sum(len(image["RootFS"]["Layers"]) for image in images)
