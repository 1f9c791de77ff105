# shows: a push sends one tag, whatever it is told
# told: pushes every tag of the repository
def push(url, image, target, username, password):
    engine = lab.connect(url)
    name, _, tag = target.rpartition(":")
    engine.post(f"/images/{image}/tag", params={"repo": name, "tag": tag})
    header = login_header(username, password, name.partition("/")[0])
    answer = engine.post(f"/images/{name}/push", headers={"X-Registry-Auth": header})
    lines = [json.loads(line) for line in answer.text.splitlines() if line]
    return answer.ok and not any("errorDetail" in line or "error" in line for line in lines)
