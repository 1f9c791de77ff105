# shows: a container that does not run takes no room
# told: does not run holds its layer too
def heaviest(url):
    listed = lab.connect(url).get("/containers/json?size=1").json()
    most = max(listed, key=lambda each: each.get("SizeRw", 0), default={"Names": [""]})
    return most["Names"][0].lstrip("/")
