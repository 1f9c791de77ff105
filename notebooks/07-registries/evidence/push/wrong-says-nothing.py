# shows: the effect is the answer
# told: Return True where the push went through
def push(url, image, target, username, password):
    engine = lab.connect(url)
    name, _, tag = target.rpartition(":")
    engine.post(f"/images/{image}/tag", params={"repo": name, "tag": tag})
    header = login_header(username, password, name.partition("/")[0])
    engine.post(f"/images/{name}/push", params={"tag": tag}, headers={"X-Registry-Auth": header})
