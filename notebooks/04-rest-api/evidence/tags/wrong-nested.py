# shows: RepoTags is one text
# told: list holds lists
def tags(url):
    engine = lab.connect(url)
    found = []
    for image in engine.get("/images/json").json():
        found.append(image["RepoTags"])
    return sorted(found)
