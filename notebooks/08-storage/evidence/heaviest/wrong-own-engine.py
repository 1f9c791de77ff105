# shows: there is one engine
# told: asked another engine
def heaviest(url):
    listed = engine.get("/containers/json?all=1&size=1").json()
    most = max(listed, key=lambda each: each.get("SizeRw") or 0, default={"Names": [""]})
    return most["Names"][0].lstrip("/")
