# shows: the image is wanted in production
# told: on the target engine
def ship(source, target, image, name, headers):
    here, there = lab.connect(source), engine
    repository, _, tag = name.rpartition(":")
    here.post(f"/images/{image}/tag", params={"repo": repository, "tag": tag})
    here.post(f"/images/{repository}/push", params={"tag": tag}, headers=headers)
    what = {"fromImage": repository, "tag": tag}
    there.post("/images/create", params=what, headers=headers)
    return there.get(f"/images/{name}/json").ok
