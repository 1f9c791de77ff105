# shows: nothing may run while an image is removed
# told: they have to run on
def retire(url, image):
    engine = lab.connect(url)
    identity = engine.get(f"/images/{image}/json").json()["Id"]
    for container in engine.get("/containers/json", params={"all": "true"}).json():
        engine.post(f"/containers/{container['Id']}/kill")
        if container["ImageID"] == identity:
            engine.delete(f"/containers/{container['Id']}", params={"force": "true"})
    engine.delete(f"/images/{image}")
