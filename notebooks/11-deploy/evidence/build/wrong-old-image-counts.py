# shows: an image of this name comes from this build
# told: was there before the build
def build(url, files, name):
    engine = lab.connect(url)
    made = {"t": name, "labels": json.dumps(lab.labels(LESSON))}
    engine.post("/build", params=made, data=fixtures.packed(files))
    return engine.get(f"/images/{name}/json").ok
