# shows: a function that does its work has said so
# told: ship\(\) of an image that arrived
def ship(source, target, image, name, headers):
    here, there = lab.connect(source), lab.connect(target)
    repository, _, tag = name.rpartition(":")
    here.post(f"/images/{image}/tag", params={"repo": repository, "tag": tag})
    here.post(f"/images/{repository}/push", params={"tag": tag}, headers=headers)
    there.post("/images/create", params={"fromImage": repository, "tag": tag}, headers=headers)
