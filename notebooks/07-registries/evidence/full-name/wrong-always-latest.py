# shows: every name has a tag, a pinned one too
# told: needs no tag, and none is filled in
def full_name(name):
    name, _, digest = name.partition("@")
    first, slash, rest = name.partition("/")
    registry, repository = "docker.io", name
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry, repository = first, rest
    repository, _, tag = repository.partition(":")
    if registry == "docker.io" and "/" not in repository:
        repository = "library/" + repository
    return {
        "registry": registry,
        "repository": repository,
        "tag": tag or "latest",
        "digest": digest or None,
    }
