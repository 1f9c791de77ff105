# shows: an engine knows by itself who has built an image
# told: the lesson's label on
def build(url, files, name):
    engine = lab.connect(url)
    answer = engine.post("/build", params={"t": name}, data=fixtures.packed(files))
    return answer.ok and '"errorDetail"' not in answer.text
