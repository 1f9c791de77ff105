def tags(url):
    engine = lab.connect(url)
    images = engine.get("/images/json").json()
    return sorted(tag for image in images for tag in (image.get("RepoTags") or ()))
