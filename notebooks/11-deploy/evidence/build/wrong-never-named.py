# shows: an image gets its name by itself
# told: nothing named it
def build(url, files, name):
    engine = lab.connect(url)
    made = {"labels": json.dumps(lab.labels(LESSON))}
    answer = engine.post("/build", params=made, data=fixtures.packed(files))
    return answer.ok and '"errorDetail"' not in answer.text
