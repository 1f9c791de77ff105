# shows: a tag is the image
# told: A tag is a name and not the image
def last_name(url, name):
    engine = lab.connect(url)
    return engine.get(f"/images/{name}/json").status_code == 200
