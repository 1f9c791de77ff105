# shows: status 200 means that a build went well
# told: before the engine knows how it ends
def build(url, files, name):
    engine = lab.connect(url)
    made = {"t": name, "labels": json.dumps(lab.labels(LESSON))}
    return engine.post("/build", params=made, data=fixtures.packed(files)).ok
