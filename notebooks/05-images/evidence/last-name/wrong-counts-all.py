# shows: tags are counted over the whole engine
# told: Count the tags of this one image
def last_name(url, name):
    engine = lab.connect(url)
    tags = [tag for image in engine.get("/images/json").json() for tag in image["RepoTags"] or []]
    return len(tags) == 1
