# shows: a web server listens at port 80
# told: What stands before and after the host
def address_of(url, app, server, port):
    engine = lab.connect(url)
    mine, other = (
        engine.get(f"/containers/{each}/json").json()["NetworkSettings"]["Networks"]
        for each in (app, server)
    )
    both = set(mine) & set(other)
    if both - {"bridge"}:
        return f"http://{server}/"
    if both:
        return f"http://{other['bridge']['IPAddress']}/"
    return ""
