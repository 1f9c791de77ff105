# shows: every registry has a namespace library
# told: Docker Hub's own
def full_name(name):
    name, _, digest = name.partition("@")
    first, slash, rest = name.partition("/")
    registry, repository = "docker.io", name
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry, repository = first, rest
    repository, _, tag = repository.partition(":")
    if "/" not in repository:
        repository = "library/" + repository
    return {
        "registry": registry,
        "repository": repository,
        "tag": tag or (None if digest else "latest"),
        "digest": digest or None,
    }
