# shows: a failure is known by its text, not by its status
# told: Only 404 means no
def exists(url, name):
    engine = lab.connect(url)
    body = engine.get(f"/containers/{name}/json").json()
    return "message" not in body
