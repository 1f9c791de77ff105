# shows: a container uses a name, not an image
# told: whichever of its names was typed
def unused(url):
    engine = lab.connect(url)
    used = {each["Image"] for each in engine.get("/containers/json?all=true").json()}
    used |= {f"{name}:latest" for name in used}
    images = engine.get("/images/json").json()
    return [each["RepoTags"][0] for each in images if each["RepoTags"][0] not in used]
