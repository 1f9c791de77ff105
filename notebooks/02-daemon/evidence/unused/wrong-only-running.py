# shows: only a running container uses its image
# told: still uses its image
def unused(url):
    engine = lab.connect(url)
    used = {each["ImageID"] for each in engine.get("/containers/json").json()}
    images = engine.get("/images/json").json()
    return [each["RepoTags"][0] for each in images if each["Id"] not in used]
