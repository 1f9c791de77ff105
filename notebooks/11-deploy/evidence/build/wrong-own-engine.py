# shows: there is one engine only
# told: asked another engine
def build(url, files, name):
    made = {"t": name, "labels": json.dumps(lab.labels(LESSON))}
    answer = workshop.post("/build", params=made, data=fixtures.packed(files))
    return answer.ok and '"errorDetail"' not in answer.text
