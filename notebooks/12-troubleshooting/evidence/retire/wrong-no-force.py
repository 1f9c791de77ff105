# shows: a running container can be removed just like that
# told: A container that runs is not removed just like that
def retire(url, image):
    engine = lab.connect(url)
    identity = engine.get(f"/images/{image}/json").json()["Id"]
    for container in engine.get("/containers/json", params={"all": "true"}).json():
        if container["ImageID"] == identity:
            engine.delete(f"/containers/{container['Id']}")
    engine.delete(f"/images/{image}")
