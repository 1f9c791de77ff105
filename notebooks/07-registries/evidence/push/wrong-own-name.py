# shows: where an image goes is a matter of the login, not of its name
# told: registry's address in its name
def push(url, image, target, username, password):
    engine = lab.connect(url)
    header = login_header(username, password, target.partition("/")[0])
    answer = engine.post(
        f"/images/{image}/push",
        params={"tag": target.rpartition(":")[2]},
        headers={"X-Registry-Auth": header},
    )
    return answer.ok and "error" not in answer.text
