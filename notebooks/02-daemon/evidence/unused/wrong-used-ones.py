# shows: the number of containers says how many could go
# told: what GET /system/df says about each image
def unused(url):
    images = lab.connect(url).get("/system/df").json()["Images"]
    return [image["RepoTags"][0] for image in images if image["Containers"]]
