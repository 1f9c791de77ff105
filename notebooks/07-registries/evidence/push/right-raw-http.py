def push(url, image, target, username, password):
    import requests_unixsocket

    base = url.replace("unix://", "http+unix://").replace("tcp://", "http://")
    scheme, _, rest = base.partition("://")
    if scheme == "http+unix":
        base = f"{scheme}://{rest.replace('/', '%2F')}"
    session = requests_unixsocket.Session()
    host, repository = target.split("/", 1)
    repository, tag = repository.rsplit(":", 1)
    named = session.post(f"{base}/images/{image}/tag?repo={host}/{repository}&tag={tag}")
    sent = session.post(
        f"{base}/images/{host}/{repository}/push?tag={tag}",
        headers={"X-Registry-Auth": login_header(username, password, host)},
    )
    went = sent.status_code == 200 and b'"errorDetail"' not in sent.content
    return named.status_code == 201 and went
