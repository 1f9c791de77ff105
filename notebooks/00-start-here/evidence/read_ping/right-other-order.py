def read_ping(url):
    reply = lab.connect(url).get("/_ping")
    parts = {name.lower(): value for name, value in reply.headers.items()}
    return dict(
        api_version=parts["api-version"], body=reply.content.decode(), status=reply.status_code
    )
