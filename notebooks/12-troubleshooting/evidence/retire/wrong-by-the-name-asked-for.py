# shows: a container knows its image by the name that was typed
# told: nor by the name under which somebody asked
def retire(url, image):
    engine = lab.connect(url)
    for container in engine.get("/containers/json", params={"all": "true"}).json():
        if container["Image"] in (image, f"{image}:latest"):
            engine.delete(f"/containers/{container['Id']}", params={"force": "true"})
    engine.delete(f"/images/{image}", params={"force": "true"})
