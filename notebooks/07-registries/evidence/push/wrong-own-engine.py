# shows: there is one engine
# told: asked another engine
def push(url, image, target, username, password):
    name, _, tag = target.rpartition(":")
    engine.post(f"/images/{image}/tag", params={"repo": name, "tag": tag})
    header = login_header(username, password, name.partition("/")[0])
    answer = engine.post(
        f"/images/{name}/push", params={"tag": tag}, headers={"X-Registry-Auth": header}
    )
    return answer.ok and "errorDetail" not in answer.text
