# shows: an address does as well as a name
# told: addresses change
def address_of(url, app, server, port):
    engine = lab.connect(url)
    mine, other = (
        engine.get(f"/containers/{each}/json").json()["NetworkSettings"]["Networks"]
        for each in (app, server)
    )
    for each in other:
        if each in mine:
            return f"http://{other[each]['IPAddress']}:{port}/"
    return ""
