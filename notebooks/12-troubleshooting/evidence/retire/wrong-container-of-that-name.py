# shows: image and container are the same thing, and bear the same name
# told: told by its ImageID, not by its name
def retire(url, image):
    engine = lab.connect(url)
    engine.delete(f"/containers/{image}", params={"force": "true"})
    engine.delete(f"/images/{image}")
