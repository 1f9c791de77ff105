# shows: a field that is there says something
# told: not counted
def unused(url):
    images = lab.connect(url).get("/images/json").json()
    return [image["RepoTags"][0] for image in images if image["Containers"] == 0]
