# shows: a name with a digest has no tag
# told: then the tag
def full_name(name):
    name, _, digest = name.partition("@")
    first, slash, rest = name.partition("/")
    registry, repository = "docker.io", name
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry, repository = first, rest
    repository, _, tag = repository.partition(":")
    if registry == "docker.io" and "/" not in repository:
        repository = "library/" + repository
    if digest:
        return dict(registry=registry, repository=repository, tag=None, digest=digest)
    return dict(registry=registry, repository=repository, tag=tag or "latest", digest=None)
