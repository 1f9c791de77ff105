# shows: one image at a time can go
# told: Use what the engine says at this moment
def unused(url):
    images = lab.connect(url).get("/system/df").json()["Images"]
    return [image["RepoTags"][0] for image in images if image["Containers"] == 0][:1]
