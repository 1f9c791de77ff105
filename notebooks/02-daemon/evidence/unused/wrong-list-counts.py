# shows: a field that is there says something
# told: not counted
def unused(url):
    images = lab.connect(url).get("/v1.44/images/json").json()
    return [image["RepoTags"][0] for image in images if image["Containers"] == 0]
