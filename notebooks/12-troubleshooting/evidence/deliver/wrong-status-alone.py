# shows: status 200 means that the push has worked
# told: only the lines of the push
def deliver(url, name, tag, user, password):
    engine = lab.connect(url)
    headers = {"X-Registry-Auth": login(user, password)}
    return engine.post(f"/images/{name}/push", params={"tag": tag}, headers=headers).ok
