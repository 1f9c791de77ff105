def ping(url):
    """With requests-unixsocket alone."""
    from urllib.parse import quote

    import requests_unixsocket

    socket_path = quote(url.removeprefix("unix://"), safe="")
    session = requests_unixsocket.Session()
    body = session.get(f"http+unix://{socket_path}/_ping", timeout=10).content
    return body.decode("ascii")
