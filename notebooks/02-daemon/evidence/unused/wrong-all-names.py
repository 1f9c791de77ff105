# shows: every name of an image is an image
# told: One image can have many names
def unused(url):
    images = lab.connect(url).get("/system/df").json()["Images"]
    return [name for image in images if image["Containers"] == 0 for name in image["RepoTags"]]
