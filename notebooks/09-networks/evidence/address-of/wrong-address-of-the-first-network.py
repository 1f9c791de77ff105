# shows: a container has one address
# told: on a network that the two do not share
def address_of(url, app, server, port):
    engine = lab.connect(url)
    mine, other = (
        engine.get(f"/containers/{each}/json").json()["NetworkSettings"]["Networks"]
        for each in (app, server)
    )
    both = set(mine) & set(other)
    if both - {"bridge"}:
        return f"http://{server}:{port}/"
    if both:
        return f"http://{next(iter(other.values()))['IPAddress']}:{port}/"
    return ""
