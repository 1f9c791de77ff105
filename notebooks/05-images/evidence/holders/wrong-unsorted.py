# shows: an engine lists containers by name
# told: sort the names
def holders(url, name):
    engine = lab.connect(url)
    image = engine.get(f"/images/{name}/json").json()["Id"]
    listed = engine.get("/containers/json?all=1").json()
    return [each["Names"][0][1:] for each in listed if each["ImageID"] == image]
