# shows: the slash belongs to a container's name
# told: strip it
def holders(url, name):
    engine = lab.connect(url)
    image = engine.get(f"/images/{name}/json").json()["Id"].removeprefix("sha256:")
    listed = engine.get("/containers/json", params={"all": "true"}).json()
    return sorted(c["Names"][0] for c in listed if c["ImageID"].removeprefix("sha256:") == image)
