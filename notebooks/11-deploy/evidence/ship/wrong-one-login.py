# shows: one login at the registry counts for every engine
# told: with the headers
def ship(source, target, image, name, headers):
    here, there = lab.connect(source), lab.connect(target)
    repository, _, tag = name.rpartition(":")
    here.post(f"/images/{image}/tag", params={"repo": repository, "tag": tag})
    here.post(f"/images/{repository}/push", params={"tag": tag}, headers=headers)
    there.post("/images/create", params={"fromImage": repository, "tag": tag})
    return there.get(f"/images/{name}/json").ok
