# shows: who may log in may push
# told: Only the answer to the push tells how it went
def push(url, image, target, username, password):
    engine = lab.connect(url)
    name, _, tag = target.rpartition(":")
    host = name.partition("/")[0]
    engine.post(f"/images/{image}/tag", params={"repo": name, "tag": tag})
    login = {"username": username, "password": password, "serveraddress": host}
    known = engine.post("/auth", json=login).ok
    header = {"X-Registry-Auth": login_header(username, password, host)}
    engine.post(f"/images/{name}/push", params={"tag": tag}, headers=header)
    return known
