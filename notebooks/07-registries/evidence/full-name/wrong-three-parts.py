# shows: tag and digest are one part of a name
# told: Return a dictionary with the keys
def full_name(name):
    first, slash, rest = name.partition("/")
    registry, repository = "docker.io", name
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry, repository = first, rest
    repository, at, digest = repository.partition("@")
    repository, _, tag = repository.partition(":")
    if registry == "docker.io" and "/" not in repository:
        repository = "library/" + repository
    return {
        "registry": registry,
        "repository": repository,
        "reference": digest if at else tag or "latest",
    }
