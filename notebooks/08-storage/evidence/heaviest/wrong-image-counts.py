# shows: a container holds its image for itself
# told: most of that is its image
def heaviest(url):
    listed = lab.connect(url).get("/containers/json?all=1&size=1").json()
    most = max(listed, key=lambda each: each["SizeRootFs"], default={"Names": [""]})
    return most["Names"][0].lstrip("/")
