def ship(source, target, image, name, headers):
    here, there = lab.connect(source), lab.connect(target)
    host_and_path, _, tag = name.rpartition(":")
    here.post(f"/images/{image}/tag?repo={host_and_path}&tag={tag}")
    told = here.post(f"/images/{host_and_path}/push?tag={tag}", headers=headers).text
    if '"error"' in told:
        return False
    told = there.post(f"/images/create?fromImage={name}", headers=headers)
    return told.status_code == 200 and '"error"' not in told.text
