# shows: a container is tied to a name and not to content
# told: Compare Ids, not names
def holders(url, name):
    engine = lab.connect(url)
    listed = engine.get("/containers/json", params={"all": "true"}).json()
    return sorted(
        c["Names"][0].lstrip("/") for c in listed if c["Image"].split(":")[0].endswith(name)
    )
