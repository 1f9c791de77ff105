def tags(url):
    client = lab.connect(url).docker()
    return sorted(tag for image in client.images.list() for tag in image.tags)
