def diagnose(host, repository, tag, username, password):
    import http.client

    connection = http.client.HTTPConnection(host, timeout=10)
    pair = base64.b64encode(f"{username}:{password}".encode()).decode()
    try:
        connection.request(
            "GET",
            f"/v2/{repository}/manifests/{tag}",
            headers={"Accept": READABLE, "Authorization": f"Basic {pair}"},
        )
        status = connection.getresponse().status
    except OSError:
        return "unreachable"
    finally:
        connection.close()
    return {401: "login", 403: "rights", 404: "name", 429: "limit"}.get(status, "fine")
