# shows: the default bridge counts first, where two share more
# told: addresses change
def address_of(url, app, server, port):
    engine = lab.connect(url)
    mine, other = (
        engine.get(f"/containers/{each}/json").json()["NetworkSettings"]["Networks"]
        for each in (app, server)
    )
    both = set(mine) & set(other)
    if "bridge" in both:
        return f"http://{other['bridge']['IPAddress']}:{port}/"
    return f"http://{server}:{port}/" if both else ""
