# shows: the image goes first, its containers after it
# told: DELETE /images/NAME comes last
def retire(url, image):
    engine = lab.connect(url)
    identity = engine.get(f"/images/{image}/json").json()["Id"]
    engine.delete(f"/images/{image}")
    for container in engine.get("/containers/json", params={"all": "true"}).json():
        if container["ImageID"] == identity:
            engine.delete(f"/containers/{container['Id']}", params={"force": "true"})
