# shows: there is always a container
# told: engine has no containers
def heaviest(url):
    listed = lab.connect(url).get("/containers/json?all=1&size=1").json()
    return max(listed, key=lambda each: each.get("SizeRw") or 0)["Names"][0].lstrip("/")
