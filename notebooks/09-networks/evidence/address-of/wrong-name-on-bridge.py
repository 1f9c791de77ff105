# shows: the default bridge resolves names
# told: default bridge has no names
def address_of(url, app, server, port):
    engine = lab.connect(url)
    mine, other = (
        set(engine.get(f"/containers/{each}/json").json()["NetworkSettings"]["Networks"])
        for each in (app, server)
    )
    return f"http://{server}:{port}/" if mine & other else ""
