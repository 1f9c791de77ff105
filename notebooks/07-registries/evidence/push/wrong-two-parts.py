# shows: a repository is one word after the registry
# told: The engine has no image called
def push(url, image, target, username, password):
    engine = lab.connect(url)
    name, _, tag = target.rpartition(":")
    host, repository = name.split("/")[0], name.split("/")[-1]
    name = f"{host}/{repository}"
    engine.post(f"/images/{image}/tag", params={"repo": name, "tag": tag})
    header = login_header(username, password, host)
    answer = engine.post(
        f"/images/{name}/push", params={"tag": tag}, headers={"X-Registry-Auth": header}
    )
    return answer.ok and "errorDetail" not in answer.text
