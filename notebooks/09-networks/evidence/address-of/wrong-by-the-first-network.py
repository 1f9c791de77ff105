# shows: a container is on one network
# told: compare all of the one with all of the other
def address_of(url, app, server, port):
    engine = lab.connect(url)
    mine, other = (
        engine.get(f"/containers/{each}/json").json()["NetworkSettings"]["Networks"]
        for each in (app, server)
    )
    first = next(iter(other))
    if first not in mine:
        return ""
    if first == "bridge":
        return f"http://{other['bridge']['IPAddress']}:{port}/"
    return f"http://{server}:{port}/"
