# shows: a restart takes up the new image
# told: keeps the image that it was made from
def update(url, name, image):
    engine = lab.connect(url)
    repository = image.rpartition(":")[0]
    engine.post(f"/containers/{name}/restart", params={"t": 5})
    return healthy(url, name, 15)
