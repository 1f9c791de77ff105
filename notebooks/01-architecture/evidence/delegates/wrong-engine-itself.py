# shows: the engine is one of its own helpers
# told: does not delegate to itself
def delegates(url):
    components = lab.connect(url).get("/version").json().get("Components") or []
    return sorted(part["Name"] for part in components)
