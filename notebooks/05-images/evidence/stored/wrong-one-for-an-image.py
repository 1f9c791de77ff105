# shows: an image is one piece
# told: which digests are the same
def stored(url, names):
    engine = lab.connect(url)
    return len({engine.get(f"/images/{name}/json").json()["Id"] for name in names})
