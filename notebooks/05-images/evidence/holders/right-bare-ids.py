def holders(url, name):
    engine = lab.connect(url)

    def bare(text):
        return text.split(":")[-1]

    image = bare(engine.get(f"/images/{name}/json").json()["Id"])
    listed = engine.get("/containers/json?all=1").json()
    return sorted(c["Names"][0][1:] for c in listed if bare(c["ImageID"]) == image)
