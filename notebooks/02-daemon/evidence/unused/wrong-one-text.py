# shows: names in a row are a list
# told: what GET /system/df says about each image
def unused(url):
    images = lab.connect(url).get("/system/df").json()["Images"]
    return ", ".join(image["RepoTags"][0] for image in images if image["Containers"] == 0)
