# shows: the images that no container needs have to go, too
# told: One image has to go
def retire(url, image):
    engine = lab.connect(url)
    identity = engine.get(f"/images/{image}/json").json()["Id"]
    for container in engine.get("/containers/json", params={"all": "true"}).json():
        if container["ImageID"] == identity:
            engine.delete(f"/containers/{container['Id']}", params={"force": "true"})
    for each in engine.get("/images/json").json():
        engine.delete(f"/images/{each['Id']}", params={"force": "true"})
