# shows: an engine reads the context from the client's disk
# told: Nothing was built
def build(url, files, name):
    engine = lab.connect(url)
    made = {"t": name, "labels": json.dumps(lab.labels(LESSON)), "path": "."}
    answer = engine.post("/build", params=made)
    return answer.ok and "errorDetail" not in answer.text
