# shows: only a running container uses its image
# told: only running containers unless you ask for all=true
def retire(url, image):
    engine = lab.connect(url)
    identity = engine.get(f"/images/{image}/json").json()["Id"]
    for container in engine.get("/containers/json").json():
        if container["ImageID"] == identity:
            engine.delete(f"/containers/{container['Id']}", params={"force": "true"})
    engine.delete(f"/images/{image}")
