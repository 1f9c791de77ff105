# shows: the image knows what its containers have changed
# told: does not know what was changed in the container
def rescue(url, container, name):
    engine = lab.connect(url)
    image = engine.get(f"/containers/{container}/json").json()["Image"]
    repository, _, tag = name.rpartition(":")
    engine.post(f"/images/{image}/tag", params={"repo": repository, "tag": tag})
    engine.delete(f"/containers/{container}", params={"force": "true"})
