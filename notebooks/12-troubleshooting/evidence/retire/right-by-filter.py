def retire(url, image):
    engine = lab.connect(url)
    found = engine.get(
        "/containers/json", params={"all": 1, "filters": json.dumps({"ancestor": [image]})}
    )
    for container in found.json():
        engine.delete(f"/containers/{container['Id']}?force=1")
    return engine.delete(f"/images/{image}").status_code
