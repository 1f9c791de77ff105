# shows: a right password is a right to push
# told: only the lines of the push
def deliver(url, name, tag, user, password):
    engine = lab.connect(url)
    host = name.split("/")[0]
    asked = {"username": user, "password": password, "serveraddress": host}
    headers = {"X-Registry-Auth": login(user, password)}
    engine.post(f"/images/{name}/push", params={"tag": tag}, headers=headers)
    return engine.post("/auth", json=asked).status_code == 200
