# shows: an image with a registry's name is in that registry
# told: did it carry X-Registry-Auth
def push(url, image, target, username, password):
    engine = lab.connect(url)
    name, _, tag = target.rpartition(":")
    return engine.post(f"/images/{image}/tag", params={"repo": name, "tag": tag}).status_code == 201
