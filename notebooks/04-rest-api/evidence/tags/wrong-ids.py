# shows: an image's Id is its name
# told: These are Ids or digests
def tags(url):
    engine = lab.connect(url)
    return sorted(image["Id"] for image in engine.get("/images/json").json())
