# shows: a registry that cannot be reached is an exception of the caller
# told: is no exception here
def push(url, image, target, username, password):
    engine = lab.connect(url)
    name, _, tag = target.rpartition(":")
    engine.post(f"/images/{image}/tag", params={"repo": name, "tag": tag})
    header = login_header(username, password, name.partition("/")[0])
    answer = engine.post(
        f"/images/{name}/push", params={"tag": tag}, headers={"X-Registry-Auth": header}
    )
    if "connection refused" in answer.text.lower() or answer.status_code >= 500:
        raise RuntimeError(answer.text)
    return "errorDetail" not in answer.text
