# shows: the name engine stands for whichever engine is meant
# told: asked another engine than the one whose address
def unused(url):
    images = engine.get("/v1.44/system/df").json()["Images"]
    return [image["RepoTags"][0] for image in images if image["Containers"] == 0]
