# shows: the image of the example is the one to ship
# told: Tag the image that you are handed
def ship(source, target, image, name, headers):
    here, there = lab.connect(source), lab.connect(target)
    repository, _, tag = name.rpartition(":")
    here.post(f"/images/busybox/tag", params={"repo": repository, "tag": tag})
    here.post(f"/images/{repository}/push", params={"tag": tag}, headers=headers)
    what = {"fromImage": repository, "tag": tag}
    there.post("/images/create", params=what, headers=headers)
    return there.get(f"/images/{name}/json").ok
