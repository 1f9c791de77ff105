# shows: what is missing is an empty text
# told: is None, and not an empty text
def full_name(name):
    name, _, digest = name.partition("@")
    first, slash, rest = name.partition("/")
    registry, repository = "docker.io", name
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry, repository = first, rest
    repository, _, tag = repository.partition(":")
    if registry == "docker.io" and "/" not in repository:
        repository = "library/" + repository
    if not digest:
        tag = tag or "latest"
    return {"registry": registry, "repository": repository, "tag": tag, "digest": digest}
