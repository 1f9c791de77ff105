# shows: only a running container needs its image
# told: or has ended, holds its image too
def holders(url, name):
    engine = lab.connect(url)
    image = engine.get(f"/images/{name}/json").json()["Id"].removeprefix("sha256:")
    listed = engine.get("/containers/json").json()
    return sorted(
        c["Names"][0].lstrip("/") for c in listed if c["ImageID"].removeprefix("sha256:") == image
    )
