# shows: status 200 means that the push went well
# told: before the engine knows how it ends
def push(url, image, target, username, password):
    engine = lab.connect(url)
    name, _, tag = target.rpartition(":")
    engine.post(f"/images/{image}/tag", params={"repo": name, "tag": tag})
    header = login_header(username, password, name.partition("/")[0])
    answer = engine.post(
        f"/images/{name}/push", params={"tag": tag}, headers={"X-Registry-Auth": header}
    )
    return answer.ok
