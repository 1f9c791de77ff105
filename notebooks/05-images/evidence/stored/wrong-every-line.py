# shows: every line of the history is a layer
# told: which digests are the same
def stored(url, names):
    engine = lab.connect(url)
    lines = set()
    for name in names:
        for line in engine.get(f"/images/{name}/history").json():
            lines.add((line["CreatedBy"], line["Created"]))
    return len(lines)
