# shows: every image is in the workshop
# told: the engine that you are handed|what the registry has
def ship(source, target, image, name, headers):
    here, there = workshop, lab.connect(target)
    repository, _, tag = name.rpartition(":")
    here.post(f"/images/{image}/tag", params={"repo": repository, "tag": tag})
    here.post(f"/images/{repository}/push", params={"tag": tag}, headers=headers)
    what = {"fromImage": repository, "tag": tag}
    there.post("/images/create", params=what, headers=headers)
    return there.get(f"/images/{name}/json").ok
