def push(url, image, target, username, password):
    session = lab.connect(url)
    host, _, rest = target.partition("/")
    repository, _, tag = rest.rpartition(":")
    session.post(f"/images/{image}/tag?repo={host}/{repository}&tag={tag}").raise_for_status()
    who = {"X-Registry-Auth": login_header(username, password, host)}
    text = session.post(f"/images/{host}/{repository}/push?tag={tag}", headers=who).text
    return text.strip().splitlines()[-1].find('"error') < 0 and "digest: sha256" in text
