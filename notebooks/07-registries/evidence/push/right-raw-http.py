def push(url, image, target, username, password):
    import requests_unixsocket

    base = "http+unix://" + url.removeprefix("unix://").replace("/", "%2F")
    session = requests_unixsocket.Session()
    repository, tag = target.rsplit(":", 1)
    session.post(f"{base}/images/{image}/tag", params={"repo": repository, "tag": tag})
    login = login_header(username, password, target.split("/")[0])
    headers = {"X-Registry-Auth": login}
    sent = session.post(f"{base}/images/{repository}/push?tag={tag}", headers=headers)
    return sent.status_code == 200 and b'"errorDetail"' not in sent.content
