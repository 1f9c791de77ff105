# shows: without containers an image goes by itself
# told: removed by different requests
def retire(url, image):
    engine = lab.connect(url)
    identity = engine.get(f"/images/{image}/json").json()["Id"]
    for container in engine.get("/containers/json", params={"all": "true"}).json():
        if container["ImageID"] == identity:
            engine.delete(f"/containers/{container['Id']}", params={"force": "true"})
