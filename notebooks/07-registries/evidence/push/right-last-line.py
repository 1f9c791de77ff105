def push(url, image, target, username, password):
    session = lab.connect(url)
    repository, tag = target.rsplit(":", 1)
    session.post(f"/images/{image}/tag?repo={repository}&tag={tag}")
    who = {"X-Registry-Auth": login_header(username, password, target.split("/")[0])}
    answer = session.post(f"/images/{repository}/push?tag={tag}", headers=who)
    return answer.ok and '"errorDetail"' not in answer.text.splitlines()[-1]
