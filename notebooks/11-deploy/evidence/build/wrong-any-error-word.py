# shows: a build that speaks of errors has failed
# told: not those with a word like it
def build(url, files, name):
    engine = lab.connect(url)
    made = {"t": name, "labels": json.dumps(lab.labels(LESSON))}
    answer = engine.post("/build", params=made, data=fixtures.packed(files))
    return answer.ok and "error" not in answer.text
