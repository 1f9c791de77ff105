# shows: an image has one name
# told: can have several tags
def tags(url):
    engine = lab.connect(url)
    return sorted(
        image["RepoTags"][0] for image in engine.get("/images/json").json() if image["RepoTags"]
    )
