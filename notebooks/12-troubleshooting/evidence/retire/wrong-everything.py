# shows: when in doubt, remove all containers
# told: Only what was made from the image has to go
def retire(url, image):
    engine = lab.connect(url)
    for container in engine.get("/containers/json", params={"all": "true"}).json():
        engine.delete(f"/containers/{container['Id']}", params={"force": "true"})
    engine.delete(f"/images/{image}")
