# shows: `docker run` again resumes the old container
# told: a new container of the same image does not have it
def rescue(url, name, path):
    engine = lab.connect(url)
    image = engine.get(f"/containers/{name}/json").json()["Config"]["Image"]
    again = engine.post("/containers/create", json={"Image": image, "Cmd": ["cat", path]}).json()
    engine.post(f"/containers/{again['Id']}/start")
    engine.post(f"/containers/{again['Id']}/wait")
    raw = engine.get(f"/containers/{again['Id']}/logs?stdout=1").content
    engine.delete(f"/containers/{again['Id']}")
    engine.delete(f"/containers/{name}")
    return lab.text_of(raw).encode()
