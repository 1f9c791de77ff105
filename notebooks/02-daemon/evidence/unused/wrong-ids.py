# shows: an image's Id is its name
# told: what GET /system/df says about each image
def unused(url):
    images = lab.connect(url).get("/system/df").json()["Images"]
    return [image["Id"] for image in images if image["Containers"] == 0]
