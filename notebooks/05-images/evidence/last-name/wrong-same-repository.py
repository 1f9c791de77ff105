# shows: names in another repository belong to another image
# told: more than one tag
def last_name(url, name):
    engine = lab.connect(url)
    repository = name.split(":")[0]
    tags = engine.get(f"/images/{name}/json").json()["RepoTags"]
    return len([tag for tag in tags if tag.rsplit(":", 1)[0].endswith(repository)]) == 1
