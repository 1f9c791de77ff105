# shows: an image takes its containers along
# told: is still made from its image
def retire(url, image):
    engine = lab.connect(url)
    engine.delete(f"/images/{image}", params={"force": "true"})
