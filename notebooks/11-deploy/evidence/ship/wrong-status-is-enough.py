# shows: what was sent off has arrived
# told: Ask the target engine whether the image is there
def ship(source, target, image, name, headers):
    here, there = lab.connect(source), lab.connect(target)
    repository, _, tag = name.rpartition(":")
    here.post(f"/images/{image}/tag", params={"repo": repository, "tag": tag})
    answer = here.post(f"/images/{repository}/push", params={"tag": tag}, headers=headers)
    there.post("/images/create", params={"fromImage": repository, "tag": tag}, headers=headers)
    return answer.ok
