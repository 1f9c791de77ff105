# shows: an error status ends the program
# told: answer with an error status is still an answer
def ship(source, target, image, name, headers):
    here, there = lab.connect(source), lab.connect(target)
    repository, _, tag = name.rpartition(":")
    here.post(f"/images/{image}/tag", params={"repo": repository, "tag": tag}).raise_for_status()
    here.post(f"/images/{repository}/push", params={"tag": tag}, headers=headers)
    what = {"fromImage": repository, "tag": tag}
    there.post("/images/create", params=what, headers=headers)
    return there.get(f"/images/{name}/json").ok
