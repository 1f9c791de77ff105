# shows: a push takes the tag of which one thinks
# told: A push without a tag
def ship(source, target, image, name, headers):
    here, there = lab.connect(source), lab.connect(target)
    repository, _, tag = name.rpartition(":")
    here.post(f"/images/{image}/tag", params={"repo": repository, "tag": tag})
    here.post(f"/images/{repository}/push", headers=headers)
    what = {"fromImage": repository, "tag": tag}
    there.post("/images/create", params=what, headers=headers)
    return there.get(f"/images/{name}/json").ok
