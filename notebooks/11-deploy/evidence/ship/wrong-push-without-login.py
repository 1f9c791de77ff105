# shows: only a pull needs a login
# told: what the registry has(?s:.*)the login
def ship(source, target, image, name, headers):
    here, there = lab.connect(source), lab.connect(target)
    repository, _, tag = name.rpartition(":")
    here.post(f"/images/{image}/tag", params={"repo": repository, "tag": tag})
    here.post(f"/images/{repository}/push", params={"tag": tag})
    what = {"fromImage": repository, "tag": tag}
    there.post("/images/create", params=what, headers=headers)
    return there.get(f"/images/{name}/json").ok
