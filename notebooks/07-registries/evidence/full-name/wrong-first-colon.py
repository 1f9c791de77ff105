# shows: every colon starts a tag, so that a port becomes one
# told: Only a colon after the last slash starts a tag
def full_name(name):
    name, _, digest = name.partition("@")
    name, _, tag = name.partition(":")
    first, slash, rest = name.partition("/")
    if slash and ("." in first or first == "localhost"):
        registry, repository = first, rest
    else:
        registry, repository = "docker.io", name
    if registry == "docker.io" and "/" not in repository:
        repository = "library/" + repository
    return {
        "registry": registry,
        "repository": repository,
        "tag": tag or (None if digest else "latest"),
        "digest": digest or None,
    }
