# shows: the files of the lesson's example are what is built
# told: Build from the Dockerfile that you are given
def build(url, files, name):
    engine = lab.connect(url)
    made = {"t": name, "labels": json.dumps(lab.labels(LESSON))}
    own = {**files, "Dockerfile": b"FROM busybox\nCMD echo it works\n"}
    answer = engine.post("/build", params=made, data=fixtures.packed(own))
    return answer.ok and '"errorDetail"' not in answer.text
