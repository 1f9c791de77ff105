# shows: what the engine answers is what a function returns
# told: build\(\) of a Dockerfile that works
def build(url, files, name):
    engine = lab.connect(url)
    made = {"t": name, "labels": json.dumps(lab.labels(LESSON))}
    return engine.post("/build", params=made, data=fixtures.packed(files)).text
