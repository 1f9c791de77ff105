# shows: the engine remembers a login
# told: did it carry X-Registry-Auth
def push(url, image, target, username, password):
    engine = lab.connect(url)
    name, _, tag = target.rpartition(":")
    login = {"username": username, "password": password, "serveraddress": name.partition("/")[0]}
    if not engine.post("/auth", json=login).ok:
        return False
    engine.post(f"/images/{image}/tag", params={"repo": name, "tag": tag})
    answer = engine.post(f"/images/{name}/push", params={"tag": tag})
    return answer.ok and "error" not in answer.text
