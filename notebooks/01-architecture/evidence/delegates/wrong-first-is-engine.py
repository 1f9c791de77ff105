# shows: the engine is known by its place in the list
# told: does not delegate to itself
def delegates(url):
    components = lab.connect(url).get("/version").json().get("Components") or []
    return sorted(each["Name"] for each in components[:-1])
