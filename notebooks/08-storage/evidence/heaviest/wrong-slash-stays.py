# shows: a container's name begins with a slash
# told: Strip the slash
def heaviest(url):
    listed = lab.connect(url).get("/containers/json?all=1&size=1").json()
    most = max(listed, key=lambda each: each.get("SizeRw") or 0, default={"Names": [""]})
    return most["Names"][0]
