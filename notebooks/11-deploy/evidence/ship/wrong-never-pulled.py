# shows: what is in the registry is on every engine
# told: Pull it there
def ship(source, target, image, name, headers):
    here = lab.connect(source)
    repository, _, tag = name.rpartition(":")
    here.post(f"/images/{image}/tag", params={"repo": repository, "tag": tag})
    answer = here.post(f"/images/{repository}/push", params={"tag": tag}, headers=headers)
    return answer.ok and '"error"' not in answer.text
