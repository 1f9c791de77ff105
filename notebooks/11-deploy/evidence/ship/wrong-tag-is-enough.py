# shows: a name with a registry in it brings the image there
# told: what the registry has(?s:.*)A push takes an image
def ship(source, target, image, name, headers):
    here, there = lab.connect(source), lab.connect(target)
    repository, _, tag = name.rpartition(":")
    here.post(f"/images/{image}/tag", params={"repo": repository, "tag": tag})
    what = {"fromImage": repository, "tag": tag}
    there.post("/images/create", params=what, headers=headers)
    return there.get(f"/images/{name}/json").ok
