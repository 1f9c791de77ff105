# shows: an engine has one image
# told: This is another image
def push(url, image, target, username, password):
    engine = lab.connect(url)
    name, _, tag = target.rpartition(":")
    others = [each for each in engine.get("/images/json").json() if each["RepoTags"]]
    image = next((each["Id"] for each in others if image not in str(each["RepoTags"])), image)
    engine.post(f"/images/{image}/tag", params={"repo": name, "tag": tag})
    header = login_header(username, password, name.partition("/")[0])
    answer = engine.post(
        f"/images/{name}/push", params={"tag": tag}, headers={"X-Registry-Auth": header}
    )
    return answer.ok and "errorDetail" not in answer.text
