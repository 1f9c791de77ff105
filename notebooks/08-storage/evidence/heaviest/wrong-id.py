# shows: a container is called by its Id
# told: This is the container's Id
def heaviest(url):
    listed = lab.connect(url).get("/containers/json?all=1&size=1").json()
    return max(listed, key=lambda each: each.get("SizeRw") or 0, default={"Id": ""})["Id"]
