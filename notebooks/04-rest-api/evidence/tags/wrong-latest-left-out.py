# shows: latest goes without saying
# told: Print image\['RepoTags'\]
def tags(url):
    found = []
    for image in lab.connect(url).get("/images/json").json():
        found.extend(tag.removesuffix(":latest") for tag in image["RepoTags"] or [])
    return sorted(found)
