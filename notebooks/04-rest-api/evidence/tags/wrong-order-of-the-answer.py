# shows: a list comes in the order that was asked for
# told: in another order
def tags(url):
    found = []
    for image in lab.connect(url).get("/images/json").json():
        found.extend(image["RepoTags"] or [])
    return sorted(found, reverse=True)
