# shows: every image has a tag
# told: may be an empty list|None
def tags(url):
    engine = lab.connect(url)
    found = []
    for image in engine.get("/images/json").json():
        found.extend(image["RepoTags"])
    return sorted(found)
