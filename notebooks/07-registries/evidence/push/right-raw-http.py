def push(url, image, target, username, password):
    import requests_unixsocket

    scheme, rest = url.split("://")
    base = f"http+unix://{rest.replace('/', '%2F')}" if scheme == "unix" else f"http://{rest}"
    session = requests_unixsocket.Session()
    repository, tag = target.rsplit(":", 1)
    session.post(f"{base}/images/{image}/tag", params={"repo": repository, "tag": tag})
    login = login_header(username, password, target.split("/")[0])
    headers = {"X-Registry-Auth": login}
    sent = session.post(f"{base}/images/{repository}/push?tag={tag}", headers=headers)
    return sent.status_code == 200 and b'"errorDetail"' not in sent.content
